package web

import "time"

// WaitForHeads sets how long a request's head may take, before Serve.
func (s *Server) WaitForHeads(d time.Duration) { s.http.ReadTimeout = d }
