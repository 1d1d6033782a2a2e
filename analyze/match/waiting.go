package match

import "slices"

// waitingRoom holds what waits, in the order in which it came. It is bounded by a count
// and by bytes; whoever adds to a full one has to let some go, and counts that.
type waitingRoom[T waiter] struct {
	list            []T
	count           int // of those that wait; during a sweep less than the list has
	size            int // bytes
	most, mostBytes int // bounds; 0: there is none
}

// waiter is what can wait in a room.
type waiter interface{ bytes() int }

// add lets one in; full says that there are too many now.
func (w *waitingRoom[T]) add(x T) (full bool) {
	w.list = append(w.list, x)
	w.count++
	w.size += x.bytes()
	return w.count > w.most || w.mostBytes > 0 && w.size > w.mostBytes
}

// first takes out the one that waited longest.
func (w *waitingRoom[T]) first() T {
	x := w.list[0]
	w.list = w.list[1:]
	w.leave(x)
	return x
}

// sweep lets all go that are done: done is asked of each, the one that waited longest
// first.
func (w *waitingRoom[T]) sweep(done func(T) bool) {
	w.list = slices.DeleteFunc(w.list, func(x T) bool {
		if !done(x) {
			return false
		}
		w.leave(x)
		return true
	})
}

func (w *waitingRoom[T]) leave(x T) {
	w.count--
	w.size -= x.bytes()
}
