// The query editor: CodeMirror in a shadow root, so that its styles are adopted sheets and the page needs no
// exception in its content security policy.
import { closeBrackets, closeBracketsKeymap, autocompletion, completionKeymap, type CompletionSource } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { HighlightStyle, bracketMatching, indentOnInput, syntaxHighlighting, type StreamLanguage } from "@codemirror/language";
import { Compartment, EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers, placeholder, type DecorationSet } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--code-keyword)", fontWeight: "600" },
  { tag: [tags.standard(tags.variableName), tags.function(tags.variableName)], color: "var(--code-builtin)" },
  { tag: tags.variableName, color: "var(--code-variable)" },
  { tag: [tags.url, tags.atom, tags.labelName], color: "var(--code-name)" },
  { tag: tags.special(tags.name), color: "var(--code-inkling)", fontWeight: "600" },
  { tag: [tags.string, tags.meta], color: "var(--code-string)" },
  { tag: tags.number, color: "var(--code-number)" },
  { tag: tags.comment, color: "var(--muted)", fontStyle: "italic" },
  { tag: [tags.operator, tags.bracket], color: "var(--code-operator)" },
]);

const look = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "transparent", fontSize: "13.5px", height: "100%" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6", overflow: "auto" },
  ".cm-content": { padding: "10px 0", caretColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--faint)", border: "none", paddingLeft: "6px" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--active-line)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--selection)" },
  ".cm-matchingBracket": { backgroundColor: "var(--selection)", outline: "none" },
  ".cm-placeholder": { color: "var(--muted)" },
  ".cm-fault": { textDecoration: "underline wavy var(--bad) 1.5px", textUnderlineOffset: "4px", backgroundColor: "var(--bad-soft)", borderRadius: "2px" },
  ".cm-fault-line": { backgroundColor: "var(--bad-soft)" },
  ".cm-tooltip": { backgroundColor: "var(--panel)", color: "var(--text)", border: "1px solid var(--line)", borderRadius: "6px", boxShadow: "var(--shadow)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", fontSize: "12.5px", maxHeight: "16em" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-completionDetail": { color: "var(--muted)", fontStyle: "normal", marginLeft: "1em" },
});

/** A place in the text; both count from 1, columns in characters. */
export interface Place {
  line: number;
  column: number;
}

const setFault = StateEffect.define<Place | null>();

const fault = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    if (transaction.docChanged) marks = Decoration.none;
    for (const effect of transaction.effects) {
      if (effect.is(setFault)) marks = effect.value ? mark(transaction.state, effect.value) : Decoration.none;
    }
    return marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** Returns the offset of a place, at most the text's length; columns count characters, the editor UTF-16 units. */
function offset(state: EditorState, place: Place): number {
  if (place.line > state.doc.lines) return state.doc.length;
  const line = state.doc.line(Math.max(1, place.line));
  const before = [...line.text].slice(0, Math.max(0, place.column - 1)).join("");
  return line.from + before.length;
}

function mark(state: EditorState, place: Place): DecorationSet {
  let from = offset(state, place);
  const line = state.doc.lineAt(from);
  const rest = /^(\s*)([^\s{}()[\].;,]+|\S)/.exec(line.text.slice(from - line.from));
  let to = from + (rest ? rest[0].length : 0);
  if (rest) from += rest[1]!.length;
  if (to <= from) [from, to] = lastWord(line.text, line.from, from);
  const decorations = [Decoration.line({ class: "cm-fault-line" }).range(line.from)];
  if (to > from) decorations.push(Decoration.mark({ class: "cm-fault" }).range(from, to));
  return Decoration.set(decorations, true);
}

// An error at the end of the text has nothing to underline: it marks the word before.
function lastWord(text: string, start: number, at: number): [number, number] {
  const before = text.slice(0, at - start).trimEnd();
  const word = /\S+$/.exec(before);
  return word ? [start + word.index, start + before.length] : [at, at];
}

/** What an editor is made with. */
export interface EditorOptions {
  label: string;
  hint: string;
  language: StreamLanguage<any>;
  run: () => void;
  complete?: CompletionSource;
  singleLine?: boolean;
}

/** A code editor inside host. */
export class Editor {
  private readonly view: EditorView;
  private readonly language = new Compartment();

  constructor(host: HTMLElement, options: EditorOptions) {
    const root = host.attachShadow({ mode: "open" });
    this.view = new EditorView({ root, state: EditorState.create({ doc: "", extensions: this.extensions(options) }) });
    root.append(this.view.dom);
  }

  private extensions(options: EditorOptions) {
    const run = () => (options.run(), true);
    return [
      keymap.of([
        { key: "Mod-Enter", run },
        ...(options.singleLine ? [{ key: "Enter", run }] : []),
        ...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap,
        ...(options.singleLine ? [] : [indentWithTab]),
      ]),
      options.singleLine ? [] : [lineNumbers(), highlightActiveLine(), highlightActiveLineGutter()],
      history(), drawSelection(), bracketMatching(), closeBrackets(), indentOnInput(),
      autocompletion({ override: options.complete ? [options.complete] : [], activateOnTyping: true, icons: false }),
      syntaxHighlighting(colours), look, fault, placeholder(options.hint), EditorView.lineWrapping,
      EditorView.contentAttributes.of({ "aria-label": options.label, spellcheck: "false" }),
      this.language.of(options.language),
    ];
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  set text(text: string) {
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text } });
  }

  /** Marks where an error is, or nothing. */
  fault(place: Place | null): void {
    this.view.dispatch({ effects: setFault.of(place) });
    if (place) this.view.dispatch({ effects: EditorView.scrollIntoView(offset(this.view.state, place)) });
  }

  /** Puts the cursor at a place. */
  goTo(place: Place): void {
    this.view.dispatch({ selection: { anchor: offset(this.view.state, place) }, scrollIntoView: true });
    this.view.focus();
  }

  focus(): void {
    this.view.focus();
  }
}
