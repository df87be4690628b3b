package cases

import (
	"context"
	"fmt"
	"regexp"

	"mingjing/app/journal"
	"mingjing/app/settings"
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
func way(email, phone string, sms bool) string {
	switch {
	case email != "":
		return "mail"
	case sms && mobileNumber(phone) != "":
		return "sms"
	}
	return ""
}

// notices is the content-free message to a citizen who can be reached.
func notices(r *store.Reader, id int64, key string) ([]journal.Message, error) {
	var list []Contact
	if err := r.Select("case_id, email, phone").Where("case_id = ?", id).Limit(1).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("cases: notice: %w", err)
	}
	if len(list) == 0 {
		return nil, nil
	}
	says, err := settings.LoadMessages(r)
	if err != nil {
		return nil, err
	}
	by := way(list[0].Email, list[0].Phone, says.SMS)
	if by == "" {
		return nil, nil
	}
	return []journal.Message{{Key: key, Channel: by, Template: "progress", SubjectID: id}}, nil
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

func (s *Service) contact(ctx context.Context, id int64) (Contact, error) {
	var list []Contact
	err := s.db.Read(ctx, func(r *store.Reader) error {
		return r.Select("case_id, email, phone").Where("case_id = ?", id).Limit(1).Find(&list).Error
	})
	if err != nil {
		return Contact{}, fmt.Errorf("cases: address: %w", err)
	}
	if len(list) == 0 {
		return Contact{}, nil
	}
	return list[0], nil
}
