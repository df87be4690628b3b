package door

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/valyala/fasthttp"

	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

func TestMadeUpAddressesFillNeitherMemoryNorTheSitesOwnShelf(t *testing.T) {
	now := storetest.Start
	g := &generation{midnight: now.Add(time.Hour)}
	own := &page{gzip: make([]byte, 1000)}
	g.shelf("../").put("../", own)
	for i := range 500 {
		for _, form := range []string{"../?x=%d", "../%%70rogress/%d"} {
			key := fmt.Sprintf(form, i)
			g.shelf(key).put(key, &page{gzip: make([]byte, room/100)})
		}
		held := 0
		g.asked.pages.Range(func(_, v any) bool { held += len(v.(*page).gzip); return true })
		if held > room {
			t.Fatalf("%d bytes held, room is %d", held, room)
		}
	}
	if g.get("../", now) != own {
		t.Error("the site's own page was pushed out")
	}
}

func TestOnlyThePagesOneAddressIsKept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		h := &House{DB: db, Pages: NewCache(db, EditionCookie)}
		h.Pages.Refresh(t.Context())
		app := fiber.New()
		app.Use(func(f *fiber.Ctx) error {
			return Cached(0, func(c *Ctx) error { return c.SendString("a page") })(&Ctx{Ctx: f, House: h})
		})
		for _, address := range []string{"/progress", "/progress?q=a%20b", "/progress#x", "/progress?q=a%20b#x", "/progress?", "/./progress", "//progress", "/%70rogress", "http://localhost/progress"} {
			var r fasthttp.RequestCtx
			r.Request.Header.SetRequestURI(address)
			r.Request.Header.SetHost("localhost")
			app.Handler()(&r)
			if r.Response.StatusCode() != http.StatusOK {
				t.Errorf("%s: %d", address, r.Response.StatusCode())
			}
		}
		var kept []string
		g := h.Pages.fresh.Load()
		for _, s := range []*shelf{&g.plain, &g.asked} {
			s.pages.Range(func(key, _ any) bool { kept = append(kept, key.(string)); return true })
		}
		if d := cmp.Diff([]string{"../progress", "../progress?q=a%20b"}, kept); d != "" {
			t.Error(d)
		}
	})
}

func TestConcurrentMissesRenderOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		const visitors = 16
		h := &House{DB: db, Pages: NewCache(db, EditionCookie)}
		h.Pages.Refresh(t.Context())
		var rendered atomic.Int32
		var here sync.WaitGroup
		here.Add(visitors)
		act := Cached(0, func(c *Ctx) error {
			here.Wait() // until everybody is asking
			return c.SendString(fmt.Sprint("rendering ", rendered.Add(1)))
		})
		app := fiber.New()
		app.Get("/", func(f *fiber.Ctx) error {
			here.Done()
			return act(&Ctx{Ctx: f, House: h})
		})
		var all sync.WaitGroup
		for range visitors {
			all.Go(func() {
				r, err := app.Test(httptest.NewRequest(http.MethodGet, "/", nil), -1)
				if err != nil || r.StatusCode != http.StatusOK {
					t.Errorf("%v %v", r, err)
				}
			})
		}
		all.Wait()
		if n := rendered.Load(); n != 1 {
			t.Errorf("rendered %d times", n)
		}
	})
}
