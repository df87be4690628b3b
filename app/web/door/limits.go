package door

import (
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/seal"
)

// window is the time in which an address may act Rate times.
const window = 10 * time.Minute

// everybody is how many addresses' worth all of them together may use.
const everybody = 50

// Limits slows down addresses that act too often, and all of them together.
// Addresses are kept only as keyed hashes under a key that changes every day,
// in memory, and are thrown away when they are quiet.
type Limits struct {
	per  int
	key  seal.Key
	lock sync.Mutex
	day  calendar.Date
	one  map[string]*rate.Limiter
	all  map[string]*rate.Limiter
	kept map[string]int64 // bytes of attachments, by the name of the day
}

// NewLimits allows an address per acts of each kind in the window.
func NewLimits(per int, key seal.Key) *Limits {
	return &Limits{per: per, key: key, one: map[string]*rate.Limiter{}, all: map[string]*rate.Limiter{}, kept: map[string]int64{}}
}

// Name stands for an address for one day; it cannot be turned back.
func (l *Limits) Name(address string, now time.Time) string {
	return string(l.key.Sum("name", calendar.Of(now).String(), address))
}

// turn forgets all addresses when a new day begins or there are too many.
func (l *Limits) turn(now time.Time) {
	if today := calendar.Of(now); today != l.day || len(l.one) > most || len(l.kept) > most {
		l.day = today
		clear(l.one)
		clear(l.kept)
	}
}

// dayBytes is what one address may leave in attachments in a day: ten full
// submissions, so that a shared connection is not shut out by its first.
const dayBytes = 10 * cases.MaxFiles * cases.MaxFileSize

// Hold sets bytes of the day aside for a file from an address, by its Name, and
// returns how to give back what the file did not need: a captcha alone must not
// let anybody fill the disk.
func (l *Limits) Hold(name string, bytes int64, now time.Time) (giveBack func(int64), err error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.turn(now)
	if l.kept[name]+bytes > dayBytes {
		return nil, fault.Form([]fault.Field{{Name: "attachments", Message: "今天从这个网络上传的附件太多，没有接收。请先不带附件提交，明天再凭编号补充；也可以邮寄或者当面递交。"}})
	}
	l.kept[name] += bytes
	return func(n int64) {
		l.lock.Lock()
		defer l.lock.Unlock()
		l.kept[name] = max(0, l.kept[name]-n)
	}, nil
}

// most is how many addresses are remembered before all are forgotten.
const most = 100_000

// Allow counts one act from an address, or refuses with the time to wait.
func (l *Limits) Allow(act, address string, now time.Time) error {
	return l.allow(act, address, l.per, now)
}

// machine is how many addresses' worth a key of the API may use: it hands in
// what many people said.
const machine = 10

// AllowMachine counts one request with a key of the API, by the key's number.
func (l *Limits) AllowMachine(key int64, now time.Time) error {
	err := l.allow("api", "key "+strconv.FormatInt(key, 10), l.per*machine, now)
	if f, ok := fault.As(err); ok {
		return fault.Wait("这个密钥请求太频繁，没有登记。请按 Retry-After 用同一个 Idempotency-Key 重发。", f.RetryAfter)
	}
	return err
}

func (l *Limits) allow(act, address string, per int, now time.Time) error {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.turn(now)
	id := act + string(l.key.Sum(l.day.String(), address))
	for _, x := range []struct {
		of  map[string]*rate.Limiter
		id  string
		per int
	}{{l.one, id, per}, {l.all, act, per * everybody}} {
		lim := x.of[x.id]
		if lim == nil {
			lim = rate.NewLimiter(rate.Limit(float64(x.per)/window.Seconds()), x.per)
			x.of[x.id] = lim
		}
		if r := lim.ReserveN(now, 1); r.DelayFrom(now) > 0 {
			wait := r.DelayFrom(now)
			r.CancelAt(now)
			return fault.Wait("操作太频繁，请稍等一会儿再试。如果刚才提交了内容，还没有收到；请按浏览器的“后退”回到表单，内容还在。", wait.Round(time.Second)+time.Second)
		}
	}
	return nil
}
