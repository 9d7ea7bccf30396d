// SPARQL 1.1 for the editor: a tokeniser for highlighting, and the few questions the page asks of a text.
import { StreamLanguage, type StringStream } from "@codemirror/language";
import { tags } from "@lezer/highlight";

const keywords = new Set(
  `base prefix select distinct reduced construct describe ask from named where order by asc desc limit offset values
   undef group having optional union minus graph service silent filter bind as not exists in insert delete data with
   using load into clear drop create add move copy to default all separator a`.split(/\s+/),
);

const builtins = new Set(
  `str lang langmatches datatype bound iri uri bnode rand abs ceil floor round concat strlen substr ucase lcase
   encode_for_uri contains strstarts strends strbefore strafter year month day hours minutes seconds timezone tz now
   uuid struuid md5 sha1 sha256 sha384 sha512 coalesce if strlang strdt sameterm isiri isuri isblank isliteral
   isnumeric regex replace count sum min max avg sample group_concat true false`.split(/\s+/),
);

const updates = new Set(["insert", "delete", "load", "clear", "drop", "create", "add", "move", "copy", "with"]);

const tokenTable = { special: tags.special(tags.name) }; // Inkling's own words

interface State {
  quote: string; // the delimiter of the literal that goes on over lines, or ""
}

function literal(stream: StringStream, state: State): string {
  while (!stream.eol()) {
    if (stream.next() === "\\") stream.next();
    else {
      stream.backUp(1);
      if (stream.match(state.quote)) {
        state.quote = "";
        return "string";
      }
      stream.next();
    }
  }
  if (state.quote.length === 1) state.quote = ""; // a short literal ends with its line
  return "string";
}

function word(text: string): string | null {
  const lower = text.toLowerCase();
  if (keywords.has(lower)) return "keyword";
  return builtins.has(lower) ? "builtin" : null;
}

function token(stream: StringStream, state: State): string | null {
  if (state.quote) return literal(stream, state);
  if (stream.eatSpace()) return null;
  if (stream.match(/^#.*/)) return "comment";
  if (stream.match(/^[?$][\p{L}\p{N}_]+/u)) return "variableName";
  if (stream.match(/^<[^<>"{}|^`\\\s]*>/)) return "url";
  const quote = stream.match(/^("""|'''|"|')/) as RegExpMatchArray | null;
  if (quote) {
    state.quote = quote[0]!;
    return literal(stream, state);
  }
  if (stream.match(/^@[a-zA-Z]+(-[a-zA-Z0-9]+)*/)) return "meta";
  if (stream.match(/^ink:[\w.-]*/)) return "special";
  if (stream.match(/^[\p{L}][\p{L}\p{N}_.-]*:([\p{L}\p{N}_\-.:%]|\\.)*/u)) return "atom";
  if (stream.match(/^:([\p{L}\p{N}_\-.:%]|\\.)*/u)) return "atom";
  if (stream.match(/^_:[\p{L}\p{N}_.-]+/u)) return "labelName";
  if (stream.match(/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?/)) return "number";
  const name = stream.match(/^[A-Za-z_][\w]*/) as RegExpMatchArray | null;
  if (name) return word(name[0]!);
  if (stream.match(/^[{}()[\]]/)) return "bracket";
  if (stream.match(/^(&&|\|\||!=|<=|>=|\^\^|[=<>!*/+\-|^?])/)) return "operator";
  stream.next();
  return null;
}

/** The editor's language. */
export const sparqlLanguage = StreamLanguage.define<State>({
  name: "sparql",
  startState: () => ({ quote: "" }),
  token,
  tokenTable,
  languageData: { commentTokens: { line: "#" }, closeBrackets: { brackets: ["(", "[", "{", '"'] } },
});

/** CEL, highlighted as far as it looks like SPARQL's expressions. */
export const celLanguage = StreamLanguage.define<State>({
  name: "cel",
  startState: () => ({ quote: "" }),
  token(stream, state) {
    if (state.quote) return literal(stream, state);
    if (stream.eatSpace()) return null;
    if (stream.match(/^\/\/.*/)) return "comment";
    const quote = stream.match(/^("""|'''|"|')/) as RegExpMatchArray | null;
    if (quote) {
      state.quote = quote[0]!;
      return literal(stream, state);
    }
    if (stream.match(/^[A-Za-z_]\w*(?=\s*\()/)) return "special";
    if (stream.match(/^(true|false|null|in)\b/)) return "keyword";
    if (stream.match(/^[A-Za-z_]\w*/)) return "variableName";
    if (stream.match(/^\d+\.?\d*([eE][+-]?\d+)?u?/)) return "number";
    if (stream.match(/^(&&|\|\||==|!=|<=|>=|[<>!*/+\-%?:])/)) return "operator";
    stream.next();
    return null;
  },
  tokenTable,
});

/** Reports whether a text is an update: its first word after the prologue is an update's. */
export function isUpdate(text: string): boolean {
  const rest = text
    .replace(/<[^<>\s]*>/g, "<>")
    .replace(/#.*/g, "")
    .replace(/\b(prefix\s+\S*:\s*<>|base\s*<>)/gi, "")
    .trimStart();
  return updates.has((/^[a-z]+/i.exec(rest)?.[0] ?? "").toLowerCase());
}
