package report

// Input is a file that a run reads. What is not known of it is zero: standard input has no size until it was read.
type Input struct {
	Name   string
	Size   int64
	SHA256 string // in lower-case hexadecimal
}
