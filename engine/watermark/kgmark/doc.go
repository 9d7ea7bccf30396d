// Package kgmark is the published watermark for embeddings of a knowledge graph, KGMark (Peng, Lu, Yu, Fu, Wang, Nan:
// KGMark: A Diffusion Watermark for Knowledge Graphs, 2025), with its variants and the baselines it is compared with, all
// trained here on the graph itself: RotatE table → VAE of relational graph attention → DDIM inversion → Fourier transform
// → signature under a learnt mask → back. What the source leaves open is settled in one place each, and what is wrong
// with it is repaired; the literal form of each flaw stays behind a flag of Literal, so that both can be measured.
//
// A Graph is a table with names and triples, a Pipeline what was trained on it, a Record what marking leaves for the
// detector, Evidence what a detector reads out of a suspect once and then tests any number of keys against. The package
// reads no database and marks only tables: triples carry nothing. It is for benchmarks; engine/watermark is for use.
package kgmark
