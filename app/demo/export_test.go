package demo

// Act lets fewer cases be acted out before the rest are copies.
func Act(n int) { acted = n }
