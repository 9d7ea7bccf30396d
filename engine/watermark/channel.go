package watermark

// Channel is one way in which a key marks a graph.
type Channel uint8

// The channels.
const (
	T1      Channel = iota // by identity: signs of each row's name
	T2                     // name-free: signs chosen by parities of the row
	Q3                     // rotation-free: one direction, with a sign by name
	Triples                // facts left out
	channels
)

// channelNames are those in key derivations, reports and files; they never change.
var channelNames = [channels]string{"t1", "t2", "q3", "triples"}

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
