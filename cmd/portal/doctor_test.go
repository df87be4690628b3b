package main

import (
	"strings"
	"testing"
)

func TestTheDoctorLooksAtTheProxiesThatAreReallyTrusted(t *testing.T) {
	for _, x := range []struct {
		listen  string
		trusted []string
		problem string
	}{
		{"127.0.0.1:8080", []string{"127.0.0.1"}, ""},
		{"[::1]:8080", []string{"::1/128"}, ""},
		{"127.0.0.1:8080", []string{"10.0.0.7", "127.0.0.0/8"}, ""},
		{":8080", []string{"10.0.0.0/8"}, ""},
		{"127.0.0.1:8080", nil, "没有设置"},
		{"0.0.0.0:8080", nil, "没有设置"},
		{"localhost:8080", []string{"10.0.0.7"}, "没有 127.0.0.1"},
		{":8080", []string{"10.0.0.7", "0.0.0.0/0"}, "谁都能冒充"},
		{":8080", []string{"::/0"}, "谁都能冒充"},
		{":8080", []string{"proxy"}, "不是地址"},
	} {
		got := proxies(x.listen, x.trusted)
		if (got == "") != (x.problem == "") || !strings.Contains(got, x.problem) {
			t.Errorf("%s %v: %q", x.listen, x.trusted, got)
		}
	}
}
