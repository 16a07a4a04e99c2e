// What stands where nothing is yet, in a page or a card. Rule: it says why, and names the next command.
import type { ComponentChildren, JSX } from 'preact';
import { Code } from './code.tsx';

export interface EmptyStateProps {
  readonly title: string;
  readonly children?: ComponentChildren;
  /** Works as it stands. */
  readonly command?: string;
}

export function EmptyState({ title, children, command }: EmptyStateProps): JSX.Element {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children !== undefined && <p>{children}</p>}
      {command !== undefined && <Code text={command} />}
    </div>
  );
}
