// Package price lets tests hash passwords fast.
//
// It trusts Go's rule for internal packages: nothing outside the staff's own
// folder can import it, and in there only stafftest, which the program must
// not contain, sets it. It must never be set from a setting.
package price

// Cheap makes staff.New choose a price that a test can pay sixteen times per
// start. It is set before the first New and not changed again.
var Cheap bool
