package flow

// Several makes values a few at a time, which costs less than one by one. A value that is
// kept keeps those that were made with it: it is for values that are done with at about the
// same time as their neighbours. The zero value is ready.
type Several[T any] struct{ left []T }

// Next is an empty value.
func (x *Several[T]) Next() *T {
	const few = 4
	if len(x.left) == 0 {
		x.left = make([]T, few)
	}
	one := &x.left[0]
	x.left = x.left[1:]
	return one
}
