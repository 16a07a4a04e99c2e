// A command or another text to take along, with a button that copies it. Rule: what is copied is what is shown.
import type { JSX } from 'preact';
import { useSignal } from '@preact/signals';

const SHOWN_MS = 1500;

export function Code({ text, label = 'Copy' }: { readonly text: string; readonly label?: string }): JSX.Element {
  return (
    <div class="code">
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      <CopyButton text={text} label={label} />
    </div>
  );
}

export function CopyButton({
  text,
  label,
}: {
  readonly text: string | (() => Promise<string>);
  readonly label: string;
}): JSX.Element {
  const said = useSignal('');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(typeof text === 'string' ? text : await text());
      said.value = 'Copied';
    } catch {
      // Browsers hand out the clipboard on loopback and over TLS only.
      said.value = 'Not allowed here';
    }
    setTimeout(() => (said.value = ''), SHOWN_MS);
  };
  return (
    <button type="button" class="copy" onClick={() => void copy()}>
      <span aria-live="polite">{said.value === '' ? label : said.value}</span>
    </button>
  );
}
