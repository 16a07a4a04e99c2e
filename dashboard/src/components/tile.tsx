// Some numbers about one thing, as a card. Rule: a number stands above its name, and one that is not known is a dash.
import type { ComponentChildren, JSX } from 'preact';
import type { Tone } from './chip.tsx';

export interface Figure {
  readonly name: string;
  readonly value: string;
  readonly tone?: Tone;
  readonly title?: string;
}

export interface TileProps {
  readonly title: string;
  /** Where more is to be seen. */
  readonly href?: string | undefined;
  readonly remark?: ComponentChildren;
  readonly figures: readonly Figure[];
  readonly children?: ComponentChildren;
}

export function Tile({ title, href, remark, figures, children }: TileProps): JSX.Element {
  return (
    <article class="tile">
      <header>
        <h2>{href === undefined ? title : <a href={href}>{title}</a>}</h2>
        {remark}
      </header>
      <Figures figures={figures} />
      {children}
    </article>
  );
}

export function Figures({ figures }: { readonly figures: readonly Figure[] }): JSX.Element {
  return (
    <dl class="figures">
      {figures.map(({ name, value, tone = 'plain', title }) => (
        <div key={name} title={title}>
          <dt>{name}</dt>
          <dd class={tone}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
