package watermark

import "math"

// Channel is one way in which a key marks a graph.
type Channel uint8

// The channels.
const (
	T1      Channel = iota // by identity: signs of each row's name
	T2                     // name-free: signs chosen by parities of the row
	Q3                     // rotation-free: one direction, with a sign by name
	Triples                // facts left out
	channels
	// Joint is T1 and T2 together: no secret of its own. See JointOf.
	Joint = channels
)

// channelNames are those in key derivations, reports and files; they never change.
var channelNames = [channels + 1]string{"t1", "t2", "q3", "triples", "t1+t2"}

// String returns the channel's name.
func (c Channel) String() string { return channelNames[c] }

// MarshalText returns the channel's name.
func (c Channel) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Result is what one channel says of a copy.
type Result struct {
	Channel Channel `json:"channel"`
	Tested  bool    `json:"tested"`
	Z       float64 `json:"z"`                // in standard deviations of a copy without a mark
	Log10P  float64 `json:"log10_p"`          // bound on the false-alarm rate of this one test; 0 when not tested
	Used    int     `json:"used"`             // rows, or carrier triples, that the test rests on
	Reason  string  `json:"reason,omitempty"` // why it was not tested
}

// untested returns the result of a channel that cannot be tested.
func untested(c Channel, reason string) Result { return Result{Channel: c, Reason: reason} }

// testsAKey is how many tests of one key a p-value is corrected for: the channels and Joint.
const testsAKey = int(channels) + 1

// JointOf returns what T1 and T2 say together, (T1 + T2)/√2. Given the table and T2's directions, both are sums of
// independent signs whose squared weights sum to 1, and their secrets are independent; so that of their sum does, too, and
// Hoeffding's bound holds. Two z of 7 are one of 9.9: p of 1e-11 becomes 1e-21.
func JointOf(t1, t2 Result) Result {
	if !t1.Tested || !t2.Tested {
		return untested(Joint, "t1 and t2 are not both tested")
	}
	z := (t1.Z + t2.Z) / math.Sqrt2
	return Result{Channel: Joint, Tested: true, Z: z, Log10P: hoeffdingLog10(z), Used: min(t1.Used, t2.Used)}
}

// Combine returns the smallest p-value of a key's results on T1, T2, Q3, Triples and, where T1 and T2 are among them,
// Joint, corrected for all five, with the result it comes from. Without a tested one, log10 p is 0 and Tested is false.
func Combine(results []Result) (best Result, log10p float64) {
	best = Result{Log10P: math.Inf(1)}
	var t1, t2 Result
	take := func(r Result) {
		if r.Tested && (r.Log10P < best.Log10P || r.Log10P == best.Log10P && r.Z > best.Z) {
			best = r
		}
	}
	for _, r := range results {
		switch r.Channel {
		case T1:
			t1 = r
		case T2:
			t2 = r
		}
		take(r)
	}
	take(JointOf(t1, t2))
	if !best.Tested {
		return Result{}, 0
	}
	return best, min(0, best.Log10P+math.Log10(float64(testsAKey)))
}
