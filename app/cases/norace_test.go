//go:build !race

package cases_test

const walks = 100
