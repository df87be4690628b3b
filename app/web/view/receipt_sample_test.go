package view

import "strings"

// samplePromise has the length of a real one and means nothing.
func samplePromise() string {
	hash := strings.Repeat("x7Qd", 10) + "x7Q="
	return "mingjing/promise/v1\norigin court.example/log\nleaf AQIA" + hash + "\nsalt " + hash + "\ncase 48172093\nreceived 1614129240\ndigest " + hash +
		"\npromised 1614129240\n\n— court.example/log CuC6T" + strings.Repeat("x7Qd", 20) + "=\n"
}
