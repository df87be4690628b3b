package cases

import (
	"context"
	"regexp"

	"mingjing/app/store"
)

var mobile = regexp.MustCompile(`^(?:\+?86)?(1[3-9][0-9]{9})$`)

// mobileNumber is the Chinese mobile number that somebody wrote, or nothing.
func mobileNumber(phone string) string {
	if m := mobile.FindStringSubmatch(Digits(phone)); m != nil {
		return m[1]
	}
	return ""
}

// way is how a sender is told that there is news: by mail, else by SMS where the
// court sends any, else not at all: the number and the code always show it.
func way(mail, mobile, sms bool) string {
	switch {
	case mail:
		return "mail"
	case sms && mobile:
		return "sms"
	}
	return ""
}

// MailAddress and Mobile are where a message about a case goes, read at the
// moment of sending; empty when the sender left none.
func (s *Service) MailAddress(ctx context.Context, id int64) (string, error) {
	c, err := s.contact(ctx, id)
	return c.Email, err
}

func (s *Service) Mobile(ctx context.Context, id int64) (string, error) {
	c, err := s.contact(ctx, id)
	return mobileNumber(c.Phone), err
}

func (s *Service) contact(ctx context.Context, id int64) (c Contact, err error) {
	err = s.db.Read(ctx, func(r *store.Reader) error {
		c, err = s.contactOf(r, id)
		return err
	})
	return c, err
}
