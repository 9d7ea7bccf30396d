package hook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Headers of a webhook's request.
const (
	SignatureHeader = "Inkling-Signature" // t=UNIX SECONDS,v1=HEX of the HMAC-SHA256 of "t.body"
	DeliveryHeader  = "Inkling-Delivery"  // of the same changes the same at every attempt: receivers drop what they have seen
	HookHeader      = "Inkling-Hook"      // the hook's name
)

// MinSecretBytes is the least length of a signature's key.
const MinSecretBytes = 16

// maxAnswerBytes is how much of an answer is read, so that the connection can be used again.
const maxAnswerBytes = 64 << 10

// ErrPermanent is wrapped by failures that another attempt would only repeat.
var ErrPermanent = errors.New("trying again would not help")

// ErrNotAllowed is wrapped by refusals to send anything beyond this machine.
var ErrNotAllowed = errors.New("webhooks may only reach this machine, unless the program allows more (inkling serve --allow-webhooks)")

// CheckURL refuses what is no address for a webhook.
func CheckURL(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return fmt.Errorf("the url: %w", err)
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return fmt.Errorf("the url %q is not http://host/… or https://host/…", address)
	case u.User != nil:
		return errors.New("the url holds a password, which would be shown: use the secret instead")
	}
	return nil
}

// Loopback reports whether an address can only mean this machine.
func Loopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// Webhook posts JSON.
type Webhook struct{ client *http.Client }

// NewWebhook returns a sender; it reaches other machines only with remote set, and link-local, multicast and
// unspecified addresses never: the address a name resolves to is checked as it is dialled, so that no later answer of
// a name server can change it. Redirects are not followed and proxies not used.
func NewWebhook(remote bool) *Webhook {
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		return checkAddress(address, remote)
	}}
	return &Webhook{&http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: 30 * time.Second,
			MaxResponseHeaderBytes: maxAnswerBytes, IdleConnTimeout: 30 * time.Second, MaxIdleConnsPerHost: 2,
		},
	}}
}

// checkAddress says whether a resolved address may be dialled.
func checkAddress(address string, remote bool) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %w: %q", ErrPermanent, ErrNotAllowed, address)
	}
	ip := at.Addr().Unmap()
	switch {
	case ip.IsLoopback():
		return nil
	case !remote:
		return fmt.Errorf("%w: %s: %w", ErrNotAllowed, ip, ErrPermanent)
	}
	for _, to := range []netip.Addr{ip, translated(ip)} {
		if to.IsUnspecified() || to.IsLinkLocalUnicast() || to.IsMulticast() || to == metadataAddress || to.IsLoopback() {
			return fmt.Errorf("%s is link-local, multicast or no address, where webhooks never go: %w", ip, ErrPermanent)
		}
	}
	return nil
}

// metadataAddress serves the credentials of a virtual machine in Amazon's cloud, as the link-local 169.254.169.254 does.
var metadataAddress = netip.MustParseAddr("fd00:ec2::254")

// Prefixes of IPv6 addresses that gateways translate to an IPv4 address within: NAT64 (RFC 6052) and 6to4 (RFC 3056).
var (
	nat64   = netip.MustParsePrefix("64:ff9b::/96")
	sixToV4 = netip.MustParsePrefix("2002::/16")
)

// translated returns the IPv4 address that a gateway would reach for an IPv6 one; the address itself where none would.
func translated(ip netip.Addr) netip.Addr {
	b := ip.As16()
	switch {
	case nat64.Contains(ip):
		return netip.AddrFrom4([4]byte(b[12:]))
	case sixToV4.Contains(ip):
		return netip.AddrFrom4([4]byte(b[2:6]))
	}
	return ip
}

// Delivery is one request of a webhook.
type Delivery struct {
	URL, Hook, ID string
	Body          []byte
	Secret        []byte
}

// Post sends a delivery. Anything but a 2xx answer is an error; answers that say that the request itself is wrong wrap
// ErrPermanent.
func (w *Webhook) Post(ctx context.Context, d Delivery) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(d.Body))
	if err != nil {
		return fmt.Errorf("webhook: %w: %w", err, ErrPermanent)
	}
	h := request.Header
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", "inkling")
	h.Set(HookHeader, d.Hook)
	h.Set(DeliveryHeader, d.ID)
	h.Set(SignatureHeader, Sign(d.Body, d.Secret, time.Now()))
	answer, err := w.client.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return fmt.Errorf("webhook: %w", err)
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, maxAnswerBytes) // only so that the connection can be used again
	switch code := answer.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code >= 300 && code < 400:
		return fmt.Errorf("webhook: %s answers %s: redirects are not followed: %w", d.URL, answer.Status, ErrPermanent)
	case code >= 400 && code < 500 && code != http.StatusRequestTimeout && code != http.StatusTooEarly && code != http.StatusTooManyRequests:
		return fmt.Errorf("webhook: %s answers %s: %w", d.URL, answer.Status, ErrPermanent)
	default:
		return fmt.Errorf("webhook: %s answers %s", d.URL, answer.Status)
	}
}

// Close ends idle connections.
func (w *Webhook) Close() { w.client.CloseIdleConnections() }

// Sign returns the value of SignatureHeader.
func Sign(body, secret []byte, at time.Time) string {
	stamp := strconv.FormatInt(at.Unix(), 10)
	return "t=" + stamp + ",v1=" + hex.EncodeToString(mac(stamp, body, secret))
}

func mac(stamp string, body, secret []byte) []byte {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte(stamp + "."))
	m.Write(body)
	return m.Sum(nil)
}

// ErrSignature says that a webhook's request is not what its sender signed, or too old.
var ErrSignature = errors.New("the signature does not hold")

// VerifySignature checks a received body against the value of SignatureHeader; it may be tolerance older or newer than
// now. Receivers written in Go may use it.
func VerifySignature(header string, body, secret []byte, now time.Time, tolerance time.Duration) error {
	stamp, rest, ok := strings.Cut(strings.TrimPrefix(header, "t="), ",v1=")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if !ok || err != nil || !strings.HasPrefix(header, "t=") {
		return fmt.Errorf("%w: the header is not t=…,v1=…", ErrSignature)
	}
	got, err := hex.DecodeString(rest)
	if err != nil || !hmac.Equal(got, mac(stamp, body, secret)) {
		return fmt.Errorf("%w: another body or another key", ErrSignature)
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > tolerance || age < -tolerance {
		return fmt.Errorf("%w: it is %v old", ErrSignature, age.Round(time.Second))
	}
	return nil
}
