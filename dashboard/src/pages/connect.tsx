// How programs are pointed at this very Sluice. Rule: addresses are those of the doors that are open now; where a token belongs stands a placeholder.
import type { JSX } from 'preact';
import type { ConfigAnswer, StatusAnswer } from '../../../src/control/admin-answers.ts';
import { Code } from '../components/code.tsx';
import { EmptyState } from '../components/empty-state.tsx';
import { ErrorNotice } from '../components/error-notice.tsx';
import { type Recipe, recipesFor } from '../connect/recipes.ts';
import { usePolled } from '../state/polled.ts';
import './connect.css';

export function Page(): JSX.Element {
  const status = usePolled<StatusAnswer>('/api/v1/status');
  const config = usePolled<ConfigAnswer>('/api/v1/config');
  const isRead = status.data.value !== null && config.data.value !== null;
  const groups = isRead ? recipesFor(status.data.value?.doors ?? [], config.data.value?.config ?? {}) : [];
  return (
    <>
      <header class="page-head">
        <h1>Connect</h1>
        <p class="quiet">Copied as they stand, these use the doors that are open now.</p>
      </header>
      <ErrorNotice error={status.error.value ?? config.error.value} />
      {isRead && groups.length === 0 && (
        <EmptyState title="No door for programs is open" command="sluice config explain gateway.listen">
          Programs reach Sluice by its egress or its gateway.
        </EmptyState>
      )}
      {groups.map(({ title, about, recipes }) => (
        <section key={title} class="card connect">
          <h2>{title}</h2>
          <p class="quiet">{about}</p>
          <dl>
            {recipes.map((recipe) => (
              <RecipeRow key={recipe.name} recipe={recipe} />
            ))}
          </dl>
        </section>
      ))}
    </>
  );
}

function RecipeRow({ recipe }: { readonly recipe: Recipe }): JSX.Element {
  return (
    <div>
      <dt>{recipe.name}</dt>
      <dd>
        <Code text={recipe.text} />
        {recipe.note !== undefined && <p class="quiet">{recipe.note}</p>}
      </dd>
    </div>
  );
}
