package tlog

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"time"
)

// HTTP fetches from the log at an address such as https://example.gov.cn/log.
type HTTP struct {
	URL    string
	Client *http.Client // http.DefaultClient with a time limit, if nil
}

// maxFetch is how long a resource may be: a bundle of the longest leaves.
const maxFetch = maxBundle

// tries is how often a resource is asked for before a run of hours is given up.
const tries = 3

var plainClient = &http.Client{Timeout: 30 * time.Second}

// Fetch gets a resource. What is there is not asked for again; what is not (404)
// neither; a broken answer is, after a short rest.
func (h HTTP) Fetch(ctx context.Context, path string) (data []byte, err error) {
	for try := 1; ; try++ {
		var final bool
		if data, final, err = h.get(ctx, path); final || try == tries {
			return data, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Duration(try) * 200 * time.Millisecond):
		}
	}
}

func (h HTTP) get(ctx context.Context, path string) (data []byte, final bool, err error) {
	url := strings.TrimRight(h.URL, "/") + "/" + path
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, true, fmt.Errorf("tlog: %w", err)
	}
	client := h.Client
	if client == nil {
		client = plainClient
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, false, fmt.Errorf("tlog: %w", err)
	}
	defer answer.Body.Close()
	switch {
	case answer.StatusCode == http.StatusNotFound || answer.StatusCode == http.StatusGone:
		return nil, true, fmt.Errorf("tlog: %s: %s: %w", url, answer.Status, fs.ErrNotExist)
	case answer.StatusCode != http.StatusOK:
		return nil, answer.StatusCode/100 == 4, fmt.Errorf("tlog: %s: %s", url, answer.Status)
	}
	data, err = io.ReadAll(io.LimitReader(answer.Body, maxFetch+1))
	if err != nil {
		return nil, false, fmt.Errorf("tlog: %s: %w", url, err)
	}
	if len(data) > maxFetch {
		return nil, true, fmt.Errorf("tlog: %s: more than %d bytes", url, maxFetch)
	}
	return data, true, nil
}
