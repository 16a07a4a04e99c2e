// The lines of a run, the newest at the bottom. Rule: whoever is at the bottom stays there as lines come, and whoever reads further up is left alone.
import type { JSX } from 'preact';
import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Chip, FilterChip } from '../components/chip.tsx';
import { formatCount } from '../format.ts';
import type { RunOutput } from './run-output.ts';

/** So near to the bottom is at it. */
const BOTTOM_PX = 24;

export interface OutputLinesProps {
  /** Of the run. */
  readonly id: string;
  readonly output: RunOutput;
}

export function OutputLines({ id, output }: OutputLinesProps): JSX.Element {
  const box = useRef<HTMLOListElement>(null);
  const isAtEnd = useRef(true);
  const isPrinted = useSignal(false);
  const { lines, dropped } = output.state.value;
  const isOver = output.ended.value !== null;
  useLayoutEffect(() => {
    const { current } = box;
    if (current !== null && isAtEnd.current) current.scrollTop = current.scrollHeight;
  }, [lines, isPrinted.value]);
  const look = (): void => {
    const { current } = box;
    if (current === null) return;
    isAtEnd.current = current.scrollHeight - current.scrollTop - current.clientHeight < BOTTOM_PX;
  };
  const state = isOver ? 'complete' : output.connection.value;
  return (
    <section class="output">
      <div class="actions">
        <h3>Output</h3>
        <Chip tone={state === 'reconnecting' ? 'warn' : state === 'complete' ? 'plain' : 'good'}>{state}</Chip>
        <span class="quiet">{formatCount(dropped + lines.length)} lines</span>
        <span class="spacer" />
        <FilterChip isOn={isPrinted.value} onToggle={() => (isPrinted.value = !isPrinted.value)}>
          as printed
        </FilterChip>
      </div>
      {dropped > 0 && (
        <p class="quiet">
          The first {formatCount(dropped)} are not shown; all: <code>sluice agent logs {id}</code>
        </p>
      )}
      <ol ref={box} class="output-lines" tabIndex={0} aria-label="Output of the agent" onScroll={look}>
        {lines.map(({ number, kind, text, printed }) => (
          <li key={number}>
            {!isPrinted.value && kind !== 'text' && <span class="output-kind">{kind}</span>}
            <pre>{isPrinted.value ? printed : text}</pre>
          </li>
        ))}
        {lines.length === 0 && <li class="quiet">{isOver ? 'It has printed nothing.' : 'Nothing is printed yet.'}</li>}
      </ol>
    </section>
  );
}
