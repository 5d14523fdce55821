import { describe, expect, it } from 'vitest';
import { renderStatus, type Seen, statusObject } from '../../src/cli/status-text.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { PLAIN } from '../../src/ui/paint.ts';

const change = { role: 'blog', kind: 'file', action: 'update', summary: 's' } as const;

function seen(plan: Partial<Plan>): Seen {
  return {
    host: {
      name: 'attic',
      roles: [{ name: 'blog', recipe: 'site', expose: 'lan' }],
    } as unknown as Seen['host'],
    facts: { os: { name: 'Debian 12' }, runs: {} } as unknown as Seen['facts'],
    plan: {
      ...{ host: 'attic', changes: [], steps: [], unchanged: 5, foreignTouched: [], pending: [] },
      ...{ notes: [], endpoints: [], services: {} },
      ...plan,
    },
  };
}

describe('the status', () => {
  it('says that all is as declared only when it is', () => {
    expect(renderStatus(seen({}), PLAIN)).toMatch(/blog +as declared.*all 5 resources are as declared/s);
    const kept = [{ id: 'file:/etc/a', role: 'blog', edit: 'edited by hand' }];
    const text = renderStatus(seen({ kept }), PLAIN);
    expect(text).toMatch(/blog +1 edited by hand/);
    expect(text).toContain('4 of 5 resources are as declared, 1 as edited by hand');
    expect(text).toContain('file:/etc/a: edited by hand');
    expect(statusObject(seen({ kept }))).toMatchObject({ kept });
  });

  it('names what will stop the next apply, and what to type about it', () => {
    const changes = [
      { ...change, id: 'file:/etc/a', conflict: 'edited' as const },
      { ...change, id: "file:/etc/it's", conflict: 'adopt' as const },
    ];
    const text = renderStatus(seen({ changes }), PLAIN);
    expect(text).toMatch(/apply will stop:\n {2}! file:\/etc\/it's was there before/);
    expect(text).toContain(`--adopt 'file:/etc/it'\\''s'`);
    expect(text).toContain('--on-conflict keep');
    expect(statusObject(seen({ changes }))).toMatchObject({
      conflicts: [
        { id: 'file:/etc/a', conflict: 'edited' },
        { id: "file:/etc/it's", conflict: 'adopt' },
      ],
    });
  });
});
