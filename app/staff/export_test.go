package staff

// Cheapen makes hashing fast; what a guess costs has a test of its own.
func Cheapen(s *Service) *Service {
	s.cost = cheapCost
	return s
}

// Fill takes every place in the queue and returns how to give them back.
func Fill(s *Service) func() {
	for range cap(s.queue) {
		s.queue <- struct{}{}
	}
	return func() {
		for range cap(s.queue) {
			<-s.queue
		}
	}
}

// FillSlots takes every slot and returns how to give them back.
func FillSlots(s *Service) func() {
	for range cap(s.slots) {
		s.slots <- struct{}{}
	}
	return func() {
		for range cap(s.slots) {
			<-s.slots
		}
	}
}

var Wait = wait

// IsFull reports whether a service charges guessers the full price.
func IsFull(s *Service) bool { return s.cost == fullCost }
