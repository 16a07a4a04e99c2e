// The language of templates: text, `{name}`, `{name|otherwise}`, and `[…]` for a part that is left out when something in it
// has no value. Parts may lie within parts. A backslash makes the
// character after it an ordinary one.
// Rule: a template that is not right is refused when it is read, never when it is used.
import { SluiceError } from '../../core/errors.ts';

export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly name: string; readonly otherwise: string | null }
  | { readonly kind: 'optional'; readonly nodes: readonly TemplateNode[] };

const TOKEN = /\\(.?)|\{([^{}[\]\\]*)\}|[[\]{}]|[^[\]{}\\]+/gs;
const PLACEHOLDER = /^([a-z][a-z0-9_]*)(?:\|(.*))?$/s;

export function parseTemplate(template: string): readonly TemplateNode[] {
  const root: TemplateNode[] = [];
  const open: TemplateNode[][] = [root];
  for (const [token, ordinary, placeholder] of template.matchAll(TOKEN)) {
    const nodes = open.at(-1) ?? root;
    if (ordinary !== undefined) nodes.push({ kind: 'text', text: ordinary });
    else if (placeholder !== undefined) nodes.push(valueNode(placeholder, template));
    else if (token === '[') open.push(openOptional(nodes));
    else if (token === ']' && open.length > 1) open.pop();
    else nodes.push(textNode(token, template));
  }
  if (open.length > 1) throw fault(template, 'a "[" is not closed');
  return root;
}

/** The names of all values, in order. */
export function templateNames(nodes: readonly TemplateNode[]): string[] {
  return nodes.flatMap((node) => {
    if (node.kind === 'optional') return templateNames(node.nodes);
    return node.kind === 'value' ? [node.name] : [];
  });
}

/** Fills it in; what is missing outside of every optional part is told to `missing`, which may throw. */
export function fillTemplate(
  nodes: readonly TemplateNode[],
  valueOf: (name: string) => string | null,
  missing: (name: string) => string,
): string {
  let text = '';
  for (const node of nodes) {
    if (node.kind === 'text') text += node.text;
    else if (node.kind === 'value') text += valueOf(node.name) ?? node.otherwise ?? missing(node.name);
    else if (isComplete(node.nodes, valueOf)) text += fillTemplate(node.nodes, valueOf, missing);
  }
  return text;
}

/** Whether every value has one; parts within a part may be left out on their own. */
function isComplete(nodes: readonly TemplateNode[], valueOf: (name: string) => string | null): boolean {
  return nodes.every((node) => node.kind !== 'value' || node.otherwise !== null || valueOf(node.name) !== null);
}

function valueNode(placeholder: string, template: string): TemplateNode {
  const match = PLACEHOLDER.exec(placeholder);
  if (match === null) throw fault(template, `{${placeholder}} is no name of a value`);
  return { kind: 'value', name: match[1] ?? '', otherwise: match[2] ?? null };
}

function openOptional(nodes: TemplateNode[]): TemplateNode[] {
  const inner: TemplateNode[] = [];
  nodes.push({ kind: 'optional', nodes: inner });
  return inner;
}

function textNode(token: string, template: string): TemplateNode {
  if ('[]{}'.includes(token)) throw fault(template, `"${token}" stands alone; the character itself is "\\${token}"`);
  return { kind: 'text', text: token };
}

function fault(template: string, what: string): SluiceError {
  return new SluiceError('config_invalid', { message: `The template "${template}" cannot be read: ${what}.` });
}
