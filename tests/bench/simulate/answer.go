package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"hash/crc32"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// An answer is what was recorded, in bytes that are ready to be sent. Its times move with the clock: what was five seconds
// ahead when it was recorded is so when it is said again, or else no lock would be held, and no token hold, any more.
type answer struct {
	x      *exchange
	times  []moment
	echo   *echo
	mutex  sync.Mutex
	said   *said // of `second`
	second int64
}

// said is an answer in bytes. Nobody writes into it any more.
type said struct {
	header http.Header
	body   []byte
	whole  []byte // for HTTP/1.1: the head too
}

// A moment stands in the body, to the second; what follows of it stays.
type moment struct {
	at     int
	time   time.Time
	number bool // of seconds, with or without a fraction
}

// Further away than this a number is no time, and a time is none that a verdict is made of.
const nearby = 48 * time.Hour

var (
	isoTime    = regexp.MustCompile(`\b20\d\d-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d`)
	numberTime = regexp.MustCompile(`\b1\d{9}(?:\d{3}|\d{6}|\d{9})?\b`)
)

const isoLayout = "2006-01-02T15:04:05"

func moments(x *exchange) (out []moment) {
	near := func(t time.Time) bool { return t.Sub(x.At).Abs() < nearby }
	for _, at := range isoTime.FindAllIndex(x.Body, -1) {
		if t, err := time.Parse(isoLayout, string(x.Body[at[0]:at[1]])); err == nil && near(t) {
			out = append(out, moment{at: at[0], time: t})
		}
	}
	for _, at := range numberTime.FindAllIndex(x.Body, -1) {
		seconds, _ := strconv.ParseInt(string(x.Body[at[0]:at[0]+10]), 10, 64)
		if t := time.Unix(seconds, 0); near(t) {
			out = append(out, moment{at: at[0], time: t, number: true})
		}
	}
	return out
}

// An echo is an answer that is made from its question: bytes of the request's field stand in the answer's.
type echo struct {
	asked *regexp.Regexp
	at    int    // where the answer's field stands in the body
	field []byte // and what, in base64
}

// What KMS makes of random bytes cannot be known beforehand. The ciphertext said again is the recorded one with the plain bytes
// in place of its last, and what it is decrypted to are those.
var echoes = []struct {
	where, asked, field string
}{
	{`^aws kms\..*\.Encrypt `, "Plaintext", "CiphertextBlob"},
	{`^aws kms\..*\.Decrypt `, "CiphertextBlob", "Plaintext"},
}

func field(name string) *regexp.Regexp {
	return regexp.MustCompile(`"` + name + `": ?"([^"]*)"`)
}

func newEcho(x *exchange) *echo {
	line, _, _ := strings.Cut(x.Key, "\n")
	for _, e := range echoes {
		if !regexp.MustCompile(e.where).MatchString(line + " ") {
			continue
		}
		at := field(e.field).FindSubmatchIndex(x.Body)
		if at == nil {
			return nil
		}
		return &echo{asked: field(e.asked), at: at[2], field: x.Body[at[2]:at[3]]}
	}
	return nil
}

// put writes into the body what the request makes of it; both are as long as when they were recorded.
func (e *echo) put(body, rq []byte) []byte {
	asked := e.asked.FindSubmatch(rq)
	if asked == nil {
		return body
	}
	given, _ := base64.StdEncoding.DecodeString(string(asked[1]))
	said, _ := base64.StdEncoding.DecodeString(string(e.field))
	n := min(len(given), len(said))
	copy(said[len(said)-n:], given[len(given)-n:])
	base64.StdEncoding.Encode(body[e.at:], said)
	return body
}

// Headers that the connection makes, or the clock.
const checksum = "X-Amz-Crc32" // DynamoDB's, of the body

var ownHeaders = []string{"Connection", "Content-Length", "Date", "Keep-Alive", "Trailer", "Transfer-Encoding"}

func newAnswer(x *exchange) *answer {
	return &answer{x: x, times: moments(x), echo: newEcho(x)}
}

// say makes the answer with this body.
func (a *answer) say(body []byte, now time.Time) *said {
	header := a.x.Header.Clone()
	for _, name := range ownHeaders {
		header.Del(name)
	}
	header.Set("Date", now.UTC().Format(http.TimeFormat))
	if a.x.Status != http.StatusNoContent {
		header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	if header.Get(checksum) != "" {
		header.Set(checksum, strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10))
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "HTTP/1.1 %d %s\r\n", a.x.Status, http.StatusText(a.x.Status))
	header.Write(&out)
	out.WriteString("\r\n")
	n := out.Len()
	out.Write(body)
	return &said{header: header, body: out.Bytes()[n:], whole: out.Bytes()}
}

// moved is the body, its times as far from now as they were from then.
func (a *answer) moved(now time.Time) []byte {
	later := time.Duration(now.Unix()-a.x.At.Unix()) * time.Second
	body := bytes.Clone(a.x.Body)
	for _, m := range a.times {
		t, text := m.time.Add(later), ""
		if m.number {
			text = strconv.FormatInt(t.Unix(), 10)
		} else {
			text = t.UTC().Format(isoLayout)
		}
		copy(body[m.at:], text)
	}
	return body
}

// to is the answer to a request: made once a second, and shared by all who ask in it.
func (a *answer) to(rq []byte) *said {
	now := time.Now()
	if a.echo != nil {
		return a.say(a.echo.put(bytes.Clone(a.x.Body), rq), now)
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.said == nil || a.second != now.Unix() {
		a.said, a.second = a.say(a.moved(now), now), now.Unix()
	}
	return a.said
}
