/** Names of keys: from the DOM's `KeyboardEvent` to X11 keysyms, which GstNavigation speaks. */

/** What is asked of a `KeyboardEvent`. */
export interface Key {
  readonly key: string;
  /** 1 left, 2 right, 3 numeric keypad (`KeyboardEvent.location`). */
  readonly location: number;
}

const ASCII_PUNCTUATION: Readonly<Record<string, string>> = {
  " ": "space",
  "!": "exclam",
  '"': "quotedbl",
  "#": "numbersign",
  $: "dollar",
  "%": "percent",
  "&": "ampersand",
  "'": "apostrophe",
  "(": "parenleft",
  ")": "parenright",
  "*": "asterisk",
  "+": "plus",
  ",": "comma",
  "-": "minus",
  ".": "period",
  "/": "slash",
  ":": "colon",
  ";": "semicolon",
  "<": "less",
  "=": "equal",
  ">": "greater",
  "?": "question",
  "@": "at",
  "[": "bracketleft",
  "\\": "backslash",
  "]": "bracketright",
  "^": "asciicircum",
  _: "underscore",
  "`": "grave",
  "{": "braceleft",
  "|": "bar",
  "}": "braceright",
  "~": "asciitilde",
};

/** U+00A0 to U+00FF in their order. */
const LATIN_1 = (
  "nobreakspace exclamdown cent sterling currency yen brokenbar section diaeresis copyright ordfeminine " +
  "guillemotleft notsign hyphen registered macron degree plusminus twosuperior threesuperior acute mu paragraph " +
  "periodcentered cedilla onesuperior masculine guillemotright onequarter onehalf threequarters questiondown " +
  "Agrave Aacute Acircumflex Atilde Adiaeresis Aring AE Ccedilla Egrave Eacute Ecircumflex Ediaeresis Igrave " +
  "Iacute Icircumflex Idiaeresis ETH Ntilde Ograve Oacute Ocircumflex Otilde Odiaeresis multiply Oslash Ugrave " +
  "Uacute Ucircumflex Udiaeresis Yacute THORN ssharp agrave aacute acircumflex atilde adiaeresis aring ae ccedilla " +
  "egrave eacute ecircumflex ediaeresis igrave iacute icircumflex idiaeresis eth ntilde ograve oacute ocircumflex " +
  "otilde odiaeresis division oslash ugrave uacute ucircumflex udiaeresis yacute thorn ydiaeresis"
).split(" ");

const NAMED: Readonly<Record<string, string>> = {
  Alphanumeric: "Eisu_toggle",
  AltGraph: "ISO_Level3_Shift",
  ArrowDown: "Down",
  ArrowLeft: "Left",
  ArrowRight: "Right",
  ArrowUp: "Up",
  AudioVolumeDown: "XF86AudioLowerVolume",
  AudioVolumeMute: "XF86AudioMute",
  AudioVolumeUp: "XF86AudioRaiseVolume",
  Backspace: "BackSpace",
  BrowserBack: "XF86Back",
  BrowserForward: "XF86Forward",
  BrowserHome: "XF86HomePage",
  BrowserRefresh: "XF86Reload",
  Cancel: "Cancel",
  CapsLock: "Caps_Lock",
  Clear: "Clear",
  Compose: "Multi_key",
  ContextMenu: "Menu",
  Convert: "Henkan",
  Copy: "XF86Copy",
  Cut: "XF86Cut",
  Delete: "Delete",
  End: "End",
  Enter: "Return",
  Escape: "Escape",
  GoBack: "XF86Back",
  HangulMode: "Hangul",
  HanjaMode: "Hangul_Hanja",
  Help: "Help",
  Hiragana: "Hiragana",
  HiraganaKatakana: "Hiragana_Katakana",
  Home: "Home",
  Insert: "Insert",
  KanaMode: "Kana_Lock",
  KanjiMode: "Kanji",
  Katakana: "Katakana",
  MediaPause: "XF86AudioPause",
  MediaPlay: "XF86AudioPlay",
  MediaPlayPause: "XF86AudioPlay",
  MediaStop: "XF86AudioStop",
  MediaTrackNext: "XF86AudioNext",
  MediaTrackPrevious: "XF86AudioPrev",
  ModeChange: "Mode_switch",
  NonConvert: "Muhenkan",
  NumLock: "Num_Lock",
  PageDown: "Page_Down",
  PageUp: "Page_Up",
  Paste: "XF86Paste",
  Pause: "Pause",
  PrintScreen: "Print",
  Redo: "Redo",
  ScrollLock: "Scroll_Lock",
  Select: "Select",
  Tab: "Tab",
  Undo: "Undo",
  ZenkakuHankaku: "Zenkaku_Hankaku",
};

/** Modifiers, which have a left and a right. */
const SIDED: Readonly<Record<string, string>> = {
  Alt: "Alt",
  Control: "Control",
  Hyper: "Hyper",
  Meta: "Super",
  OS: "Super",
  Shift: "Shift",
  Super: "Super",
};

const KEYPAD: Readonly<Record<string, string>> = {
  "*": "KP_Multiply",
  "+": "KP_Add",
  ",": "KP_Separator",
  "-": "KP_Subtract",
  ".": "KP_Decimal",
  "/": "KP_Divide",
  "=": "KP_Equal",
  ArrowDown: "KP_Down",
  ArrowLeft: "KP_Left",
  ArrowRight: "KP_Right",
  ArrowUp: "KP_Up",
  Clear: "KP_Begin",
  Delete: "KP_Delete",
  End: "KP_End",
  Enter: "KP_Enter",
  Home: "KP_Home",
  Insert: "KP_Insert",
  PageDown: "KP_Page_Down",
  PageUp: "KP_Page_Up",
};

/** The keysym's name; null for keys that have none, such as those an input method keeps to itself. */
export function keysym(key: Key): string | null {
  const name = key.key;
  if (key.location === 3) {
    const keypad = /^\d$/.test(name) ? `KP_${name}` : own(KEYPAD, name);
    if (keypad !== undefined) {
      return keypad;
    }
  }
  const side = own(SIDED, name);
  if (side !== undefined) {
    return `${side}_${key.location === 2 ? "R" : "L"}`;
  }
  if (/^F([1-9]|[12]\d|3[0-5])$/.test(name)) {
    return name;
  }
  return own(NAMED, name) ?? character(name);
}

function character(text: string): string | null {
  const [first, ...rest] = text;
  if (first === undefined || rest.length > 0) {
    return null;
  }
  if (/^[A-Za-z0-9]$/.test(first)) {
    return first;
  }
  const code = first.codePointAt(0) ?? 0;
  if (code < 0x20 || code === 0x7f) {
    return null;
  }
  // The names of characters without one of their own are their code points.
  return own(ASCII_PUNCTUATION, first) ?? LATIN_1[code - 0xa0] ?? `U${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** A property of the table itself, not of its prototype: "constructor" is no key. */
function own(table: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
