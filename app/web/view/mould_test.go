package view

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAFilledMouldIsThePageItself(t *testing.T) {
	page := func(w ...string) Page {
		return ConfirmationPage{Frame: frame("/submit/comment", "已收到"), Kind: Comment, Heading: w[0], CaseNo: w[1], AccessCode: w[2],
			At: Written{w[3], w[4]}, NoticeBy: "2021-03-11", ReplyBy: "2021-03-12", Estimated: true}
	}
	m, err := NewMould(page(Gap(0), Gap(1), Gap(2), Gap(3), Gap(4)), 5)
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range [][]string{
		{"建议公开员额动态调整的结果", "4817 2093", "7315 0628", "2021年2月24日 09:14", "2021-02-24T09:14:00+08:00"},
		{"<script>alert('1')</script> & \"+\" `x` =\x00 &amp; {{.}} </title>", Gap(0), Gap(4) + "<", "> ' onclick=", "\" x=\"\u2028\ufffd😀"},
		{"", "", "", "", ""},
	} {
		var want bytes.Buffer
		if err := Render(&want, page(words...)); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want.String(), string(m.Fill(words...))); d != "" {
			t.Error(d)
		}
	}
}

func TestAMouldRefusesWordsThatAreMissingTwiceOrInAnAddress(t *testing.T) {
	page := ConfirmationPage{Frame: frame("/submit/comment", "已收到"), Kind: Comment, Heading: Gap(0)}
	if _, err := NewMould(page, 1); err != nil {
		t.Fatal(err)
	}
	missing, twice, link := page, page, page
	missing.Heading = ""
	twice.CaseNo = Gap(0)
	link.Heading, link.Crumbs = "", []Link{{"下载", "/receipts/" + Gap(0)}}
	for name, p := range map[string]Page{"missing": missing, "twice": twice, "link": link} {
		if _, err := NewMould(p, 1); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
