package courier

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"time"
)

// gateway is how long a text message's gateway may take.
const gateway = 20 * time.Second

// text is what the gateway gets.
type text struct {
	ID   string `json:"id"` // the same however often this message is handed over
	To   string `json:"to"`
	Text string `json:"text"`
}

// sendText hands one text message to the gateway and says what became of it.
// Until the request has left nothing can have been sent; once it has, only the
// gateway's word counts, and silence means that nobody knows.
func (c *Courier) sendText(ctx context.Context, m text) (state, note string) {
	u, err := url.Parse(c.cfg.SMSURL)
	if err != nil {
		return "waiting", "短信网关设置不对"
	}
	key := u.User
	u.User = nil
	body, err := json.Marshal(m)
	if err != nil {
		return "dead", "短信写不出来"
	}
	left := false
	ctx, cancel := context.WithTimeout(ctx, gateway)
	defer cancel()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { left = true }})
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return "waiting", "短信网关设置不对"
	}
	q.Header.Set("Content-Type", "application/json; charset=utf-8")
	q.Header.Set("Idempotency-Key", m.ID)
	if secret, ok := key.Password(); ok && key.Username() == "" {
		q.Header.Set("Authorization", "Bearer "+secret)
	} else if ok {
		q.SetBasicAuth(key.Username(), secret)
	}
	answer, err := c.http.Do(q)
	if err != nil {
		if left {
			return "unknown", "交付时中断，不知道是否送达"
		}
		return "waiting", "连接短信网关失败"
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<16))
	switch code := answer.StatusCode; {
	case code >= 200 && code < 300:
		return "accepted", ""
	case code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable:
		return "waiting", "短信网关暂时拒收"
	case code >= 500:
		return "unknown", "短信网关出错，不知道是否送达"
	}
	return "dead", "短信网关拒收"
}
