package analyze

func (a *analysis) parallel(workers int) { a.single() }
