// Package watermark marks embedding tables and sets of triples with a secret key and says later of any copy whether
// the key marked it. Its main types are Table (rows and their names), Key and Ring (secrets, and what they marked),
// GraphKey (a key's secrets for one graph), Mark (what is added to a table), Selection (which triples a published copy
// leaves out), Suspect (a copy under test) and Evidence (what the tests say).
//
// All randomness is the key's, none is the data's: signs drawn with a secret key are independent of any copy that was
// made without it, so the false-alarm rate of every test is bounded for any table and any graph, however correlated
// or heavy-tailed (Hoeffding 1963; Hsu, Kakade and Zhang 2012). No model of graphs and no calibration is needed.
//
// There are four channels. T1 adds a sign vector drawn from each row's name. T2 adds sign vectors chosen by parities
// of the row itself, so it needs no names. Q3 adds one direction with a sign by name and is tested on the whitened
// table, so no rotation or permutation of the dimensions removes it. The triple channel leaves out some of the facts
// that a keyed hash picks, so it lives in the triples alone.
//
// The package knows no database; engine joins it to one. It proves no ownership before a court, and a mark does not
// survive training from nothing.
package watermark
