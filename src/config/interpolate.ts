// Variables in texts: ${VAR}, ${VAR:-default}, ${VAR:?message}, ${file:/path}; $${ stands for the characters ${. Rule: a
// variable that is not set and has no default is an error; it never turns into nothing, which would switch a password off.

import type { ConfigProblemCode } from './problem.ts';

export interface VariableSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a secret file; throws when it cannot be read. */
  readonly readSecretFile: (path: string) => string;
}

export interface Interpolated {
  readonly kind: 'text';
  readonly text: string;
  /** A part of the text came from a variable or a file. */
  readonly changed: boolean;
  /** A part of the text came from a file. */
  readonly secret: boolean;
}

export interface VariableFault {
  readonly kind: 'fault';
  readonly code: ConfigProblemCode;
  readonly message: string;
  readonly hint: string | null;
  /** The text of the placeholder, to find it in the file. */
  readonly placeholder: string;
}

export function interpolate(text: string, sources: VariableSources): Interpolated | VariableFault {
  if (!text.includes('${')) return { kind: 'text', text, changed: false, secret: false };
  const expansion = new Expansion(sources);
  try {
    const result = expansion.expand(text);
    return { kind: 'text', text: result, changed: expansion.changed, secret: expansion.secret };
  } catch (error) {
    if (error instanceof Fault) return error.fault;
    throw error;
  }
}

class Fault extends Error {
  readonly fault: VariableFault;

  constructor(code: ConfigProblemCode, placeholder: string, message: string, hint: string | null = null) {
    super(message);
    this.fault = { kind: 'fault', code, message, hint, placeholder };
  }
}

interface Placeholder {
  readonly from: number;
  readonly to: number;
  /** What stands between the braces. */
  readonly inner: string;
}

class Expansion {
  readonly #sources: VariableSources;
  changed = false;
  secret = false;

  constructor(sources: VariableSources) {
    this.#sources = sources;
  }

  expand(template: string): string {
    const placeholders = findPlaceholders(template);
    const userInfo = userInfoRange(template, placeholders);
    let result = '';
    let at = 0;
    for (const placeholder of placeholders) {
      const value = this.#valueOf(placeholder.inner, template.slice(placeholder.from, placeholder.to));
      const inUserInfo = placeholder.from >= userInfo.from && placeholder.to <= userInfo.to;
      result += unescape(template.slice(at, placeholder.from)) + (inUserInfo ? encodeUserInfo(value) : value);
      at = placeholder.to;
    }
    return result + unescape(template.slice(at));
  }

  #valueOf(inner: string, placeholder: string): string {
    this.changed = true;
    if (inner.startsWith('file:')) return this.#readFile(this.expand(inner.slice('file:'.length)), placeholder);
    const match = /^([A-Za-z_][A-Za-z0-9_]*)(?:(:-|:\?)([^]*))?$/.exec(inner);
    const [, name, operator, operand = ''] = match ?? [];
    if (name === undefined) throw malformed(placeholder);
    const value = this.#sources.env[name];
    if (operator === ':-') return value === undefined || value === '' ? this.expand(operand) : value;
    if (operator === ':?') {
      if (value !== undefined && value !== '') return value;
      throw new Fault('config_unset_variable', placeholder, `${name}: ${operand === '' ? 'is not set' : operand}`);
    }
    if (value !== undefined) return value;
    const hint = `set it, or give a default: \${${name}:-default}`;
    throw new Fault('config_unset_variable', placeholder, `the variable ${name} is not set`, hint);
  }

  #readFile(path: string, placeholder: string): string {
    this.secret = true;
    try {
      return this.#sources.readSecretFile(path).replace(/\r?\n$/, '');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Fault('config_unreadable', placeholder, `cannot read ${path}: ${reason}`);
    }
  }
}

function malformed(placeholder: string): Fault {
  return new Fault(
    'config_syntax',
    placeholder,
    '"${" begins a variable: ${NAME}, ${NAME:-default}, ${NAME:?message} or ${file:/path}',
    'write $${ for the characters themselves',
  );
}

function findPlaceholders(template: string): Placeholder[] {
  const found: Placeholder[] = [];
  let at = 0;
  for (;;) {
    const from = template.indexOf('${', at);
    if (from === -1) return found;
    if (template[from - 1] === '$') {
      at = from + 2;
      continue;
    }
    const to = endOf(template, from);
    found.push({ from, to, inner: template.slice(from + 2, to - 1) });
    at = to;
  }
}

/** Defaults and file names may hold variables themselves, so braces are counted. */
function endOf(template: string, from: number): number {
  let depth = 0;
  for (let at = from; at < template.length; at += 1) {
    if (template.startsWith('${', at)) depth += 1;
    if (template[at] === '}') depth -= 1;
    if (depth === 0) return at + 1;
  }
  throw malformed(template.slice(from, from + 2));
}

function unescape(text: string): string {
  return text.replaceAll('$${', '${');
}

/**
 * In `http://${USER}:${PASS}@host` a password may hold "@" or "/", which would end the password for whoever reads the
 * URL. Those characters are percent-encoded; what is encoded already stays as it is.
 */
function encodeUserInfo(value: string): string {
  return value.replaceAll(/%(?![0-9A-Fa-f]{2})|[\s/?#@[\]\\"<>^`{|}]/g, encodeURIComponent);
}

/** Where user name and password stand in a template that is a URL; an empty range otherwise. */
function userInfoRange(template: string, placeholders: readonly Placeholder[]): { from: number; to: number } {
  let masked = template;
  for (const { from, to } of placeholders) {
    masked = masked.slice(0, from) + 'x'.repeat(to - from) + masked.slice(to);
  }
  const match = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)@/i.exec(masked);
  if (match === null) return { from: 0, to: 0 };
  const to = match[0].length - 1;
  return { from: to - (match[1]?.length ?? 0), to };
}
