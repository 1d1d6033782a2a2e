package wire

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"unicode"
)

// words are the fields that hold words of ours: formats write them as they are, and
// escape all others. A sensor that sends other words there is none of ours.
var words = map[string]bool{
	"Login": true, "TLS": true, "Mode": true, "Initiator": true, "Closing": true, "Outcome": true, "Evidence": true, "State": true,
	"ExpectedInitiator": true, "Direction": true, "Cause": true, "At": true, "Certainty": true, "Or": true, "Why": true, "Limit": true,
	"Kind": true, "Severity": true, "ID": true, "Method": true, "Sensor": true,
}

// texts are those that hold sentences of ours.
var texts = map[string]bool{"Name": true, "Undecrypted": true}

var wordForm = regexp.MustCompile(`^[A-Za-z0-9 ()+/._:-]{0,64}$`)

// check walks a record for fields that must be ours.
func check(v reflect.Value, field string) error {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return check(v.Elem(), field)
		}
	case reflect.Slice, reflect.Array:
		if k := v.Type().Elem().Kind(); k != reflect.String && k != reflect.Struct && k != reflect.Pointer {
			return nil
		}
		for i := range v.Len() {
			if err := check(v.Index(i), field); err != nil {
				return err
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				if err := check(v.Field(i), f.Name); err != nil {
					return err
				}
			}
		}
	case reflect.String:
		if words[field] && !wordForm.MatchString(v.String()) || texts[field] && strings.ContainsFunc(v.String(), unicode.IsControl) {
			return fmt.Errorf("not a record: %s is no word of ours", field)
		}
	}
	return nil
}
