package store

// sortQuads sorts rows by graph and tuple: radix sort from the least byte, over bytes that differ at all.
// spare has at least the length of rows; the sorted rows are returned in one of the two.
func sortQuads(rows, spare []quad) []quad {
	if len(rows) < 2 {
		return rows
	}
	var differ [4]uint64
	for i := range rows {
		differ[0] |= uint64(rows[i].g ^ rows[0].g)
		differ[1] |= uint64(rows[i].t[0] ^ rows[0].t[0])
		differ[2] |= uint64(rows[i].t[1] ^ rows[0].t[1])
		differ[3] |= uint64(rows[i].t[2] ^ rows[0].t[2])
	}
	spare = spare[:len(rows)]
	for field := 3; field >= 0; field-- {
		for shift := uint(0); shift < 64; shift += 8 {
			if differ[field]>>shift&0xff == 0 {
				continue
			}
			scatter(rows, spare, field, shift)
			rows, spare = spare, rows
		}
	}
	return rows
}

// scatter copies rows to out, stably sorted by one byte of one field.
func scatter(rows, out []quad, field int, shift uint) {
	var starts [256]int
	switch field {
	case 0:
		for i := range rows {
			starts[byte(rows[i].g>>shift)]++
		}
	default:
		for i := range rows {
			starts[byte(rows[i].t[field-1]>>shift)]++
		}
	}
	sum := 0
	for i, n := range starts {
		starts[i] = sum
		sum += n
	}
	if field == 0 {
		for i := range rows {
			b := byte(rows[i].g >> shift)
			out[starts[b]] = rows[i]
			starts[b]++
		}
		return
	}
	for i := range rows {
		b := byte(rows[i].t[field-1] >> shift)
		out[starts[b]] = rows[i]
		starts[b]++
	}
}

// turn rearranges tuples from one order into the next: SPO to POS, POS to OSP, OSP to SPO are all the same
// rotation to the left.
func turn(rows []quad) {
	for i := range rows {
		t := rows[i].t
		rows[i].t = tuple{t[1], t[2], t[0]}
	}
}
