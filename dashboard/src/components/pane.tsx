// What opens beside a list about one of its rows. Rule: Escape closes it, and the focus goes back to where it was before.
import type { ComponentChildren, JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

export interface PaneProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

export function Pane({ title, onClose, children }: PaneProps): JSX.Element {
  const pane = useRef<HTMLElement>(null);
  // With the change of the page itself, for whoever types goes on at once.
  useLayoutEffect(() => {
    const before = document.activeElement;
    pane.current?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  const hear = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    onClose();
  };
  return (
    <section class="pane" ref={pane} tabIndex={-1} aria-label={title} onKeyDown={hear}>
      <header>
        <h2 title={title}>{title}</h2>
        <button type="button" class="plain" onClick={onClose} aria-label="Close">
          ✕
        </button>
      </header>
      <div class="pane-body">{children}</div>
    </section>
  );
}
