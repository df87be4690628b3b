package web

import (
	"time"

	"mingjing/app/web/api"
	"mingjing/app/web/desk"
	"mingjing/app/web/door"
	"mingjing/app/web/public"
)

// routes is every address of the site.
func (s *Server) routes() []route {
	p := public.New(s.house)
	get := func(path string, act door.Handler) route { return route{method: "GET", path: path, act: act} }
	cached := func(path string, act door.Handler) route { return get(path, door.Cached(0, act)) }
	post := func(path, limit string, act door.Handler) route {
		return route{method: "POST", path: path, act: act, limit: limit}
	}
	upload := func(path, limit string, act door.Handler) route {
		r := post(path, limit, act)
		r.upload = true
		return r
	}
	limited := func(path, limit string, act door.Handler) route {
		return route{method: "GET", path: path, act: act, limit: limit}
	}
	table := []route{
		get("/healthz", p.Healthz),
		get("/readyz", p.Readyz),
		get("/static/*", p.Static),
		get("/favicon.ico", p.Favicon),
		get("/robots.txt", p.Robots),
		get("/edition", p.Edition),

		get("/", door.Cached(time.Minute, p.Home)), // counts this month's submissions, which change no revision
		cached("/progress", p.Progress),
		cached("/progress/:code", p.Problem),
		cached("/progress/:programme/:code", p.Problem),
		cached("/chart", p.Chart),
		limited("/evidence/:id", "file", p.Evidence),
		cached("/announcements", p.Announcements),
		cached("/announcements/:slug", p.Announcement),
		cached("/changes", p.Changes),
		cached("/rules", p.Rules),
		cached("/rules/:id", p.Rule),
		cached("/replies", p.Replies),
		cached("/replies/:no", p.Reply),
		get("/statistics", door.Cached(time.Minute, p.Statistics)),
		cached("/channels", p.Channels),
		get("/poster", door.Cached(time.Minute, p.Poster)),
		cached("/guide", p.Guide),
		cached("/privacy", p.Privacy),
		cached("/accessibility", p.Accessibility),
		cached("/sitemap", p.Sitemap),

		cached("/feeds/progress.atom", p.ProgressFeed),
		cached("/feeds/replies.atom", p.RepliesFeed),
		cached("/card.svg", p.Card),
		cached("/open-data", p.OpenData),
		cached("/open-data/ledger.json", p.LedgerJSON),
		cached("/open-data/ledger.csv", p.LedgerSheet("csv")),
		cached("/open-data/ledger.xlsx", p.LedgerSheet("xlsx")),
		get("/open-data/statistics.json", door.Cached(time.Minute, p.StatisticsJSON)),
		cached("/open-data/ledger.schema.json", p.Schema("ledger")),
		cached("/open-data/statistics.schema.json", p.Schema("statistics")),

		get("/log", p.LogDoor),
		get("/log/", door.Cached(public.LogLife, p.Log)),
		get("/log/checkpoint", p.Checkpoint),
		get("/log/tile/*", p.Tile),
		get("/log/key", p.LogKey),
		get("/log/keys", p.LogKeys),
		get("/log/witnessed", p.Witnessed),
		get("/log/texts/:kind/:ref", door.Cached(public.LogLife, p.History)),
		get("/log/texts/:kind/:ref/:version", p.LogText),
		get("/log/shown", p.ShownKinds),
		get("/log/shown/:kind", p.Shown),
		get("/log/proof/:index", p.Proof),
		get("/log/receipt", door.Cached(public.LogLife, p.Receipt)),

		cached("/submit", p.Choose),
		limited("/submit/report", "form", p.Report),
		upload("/submit/report", "submit", p.SendReport),
		limited("/submit/:kind", "form", p.Form),
		upload("/submit/:kind", "submit", p.Submit),
		limited("/captcha/:id.png", "captcha", p.Picture),
		limited("/captcha/:id.wav", "captcha", p.Sound),

		limited("/subscribe", "form", p.Subscribe),
		post("/subscribe", "submit", p.AskSubscription),
		limited("/subscription/:token", "track", p.Subscription),
		post("/subscription/:token", "track", p.EndSubscription),
		post("/subscription/:token/confirm", "track", p.ConfirmSubscription),

		get("/track", p.Track),
		post("/track", "track", p.Unlock),
		get("/track/code", p.Code),
		post("/track/code", "track", p.ChangeCode),
		get("/track/case", p.Case),
		get("/track/case/files/:id", p.File),
		upload("/track/case/add", "submit", p.Add),
		post("/track/case/urge", "submit", p.Urge),
		post("/track/case/rate", "submit", p.Rate),
		post("/track/case/withdraw", "submit", p.Withdraw),
		post("/track/case/object", "submit", p.Object),
		post("/track/case/erase", "submit", p.AskErasure),
		limited("/track/case/parts/:id", "track", p.Part),
		limited("/track/case/own.json", "track", p.Own),
		limited("/track/case/receipt.json", "track", p.ReceiptFile),
		limited("/track/case/receipt.svg", "track", p.ReceiptPicture),
		upload("/track/report/say", "submit", p.Say),
		post("/track/report/code", "submit", p.RenewCode),
		limited("/track/report/files/:id", "track", p.EvidenceFile),
		post("/track/leave", "", p.Leave),
	}
	for _, r := range desk.Routes(s.house) {
		table = append(table, route{method: r.Method, path: r.Path, act: r.Act, limit: r.Limit, upload: r.Upload, desk: !r.Open, held: r.Held})
	}
	for _, r := range api.Routes(s.house) {
		table = append(table, route{method: r.Method, path: r.Path, act: r.Act})
	}
	return table
}
