import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/plan/plan.ts';
import { planObject } from '../../src/plan/render-json.ts';
import { renderPlanMarkdown } from '../../src/plan/render-markdown.ts';
import { renderPlanText } from '../../src/plan/render-text.ts';
import { PLAIN } from '../../src/ui/paint.ts';

const EMPTY: Plan = {
  host: 'attic',
  changes: [],
  steps: [],
  unchanged: 46,
  foreignTouched: [],
  pending: [],
  notes: [],
  endpoints: [],
  services: {},
};

const change = (part: object) => ({
  id: 'file:/etc/nginx/conf.d/blog.conf',
  role: 'blog',
  kind: 'file',
  action: 'create' as const,
  summary: '9 lines',
  ...part,
});

const text = (plan: Partial<Plan>, { verbose = false, columns = 80 } = {}): string =>
  renderPlanText({ ...EMPTY, ...plan }, { paint: PLAIN, columns, verbose });

describe('a plan as text', () => {
  it('is one line when nothing is to change', () => {
    expect(text({})).toBe('Nothing to change: all 46 resources are as declared. 0 existing files touched.');
  });

  it('does not tell again what is good to know of roles that do not change', () => {
    const info = (role: string) => ({ role, level: 'info' as const, text: `about ${role}.` });
    const notes = [info('blog'), info('base'), { ...info('fence'), level: 'warning' as const }];
    const shown = text({ changes: [change({})], notes });
    expect(shown).toContain(
      '  i blog: about blog.\n  ! fence: about fence.\n  … 1 more on roles that do not change',
    );
    expect(text({ changes: [change({})], notes }, { verbose: true })).toContain('i base: about base.');
  });

  it('says what cannot be taken back, in JSON too', () => {
    const irreversible = 'upgrades hw 1 → 2: a rollback does not bring back the old version';
    const changes = [change({ irreversible })];
    expect(text({ changes })).toContain(`\n    ! ${irreversible}\n`);
    expect(planObject({ ...EMPTY, changes })).toMatchObject({ changes: [{ irreversible }] });
    expect(renderPlanMarkdown({ ...EMPTY, changes })).toContain(irreversible);
  });

  it('names what listens and is closed also when nothing is to change', () => {
    const notes = [
      { role: 'firewall', level: 'keep' as const, text: 'tcp 22 stays open.' },
      { role: 'firewall', level: 'close' as const, text: 'tcp 9001 is closed.' },
    ];
    expect(text({ notes })).toMatchInlineSnapshot(`
      "Ports that already listen
        close  tcp 9001 is closed.

      Nothing to change: all 46 resources are as declared. 0 existing files touched."
    `);
  });

  it('groups by role, says what is done, and what it comes to', () => {
    const plan = {
      changes: [
        change({ role: 'firewall', id: 'package:nftables', kind: 'package', summary: 'install 1.0.6' }),
        change({
          action: 'update',
          summary: '2 lines differ',
          diff: '@@ -1 +1 @@\n-listen 80;\n+listen 8080;',
        }),
        change({ action: 'remove', id: 'file:/etc/old', summary: 'no longer declared' }),
      ],
      unchanged: 3,
    };
    expect(text(plan)).toMatchInlineSnapshot(`
      "firewall
        + create package:nftables  install 1.0.6

      blog
        ~ update file:/etc/nginx/conf.d/blog.conf  2 lines differ
            @@ -1 +1 @@
            -listen 80;
            +listen 8080;
        - remove file:/etc/old  no longer declared

      1 to create, 1 to update, 1 to remove; 3 unchanged. 0 existing files touched."
    `);
  });

  it('shows the beginning of a long diff, and all of it when verbose', () => {
    const diff = Array.from({ length: 100 }, (_, line) => `+line ${line}`).join('\n');
    const plan = { changes: [change({ diff })] };
    expect(text(plan)).toMatch(/… \d+ more lines \(--verbose\)/);
    expect(text(plan)).not.toContain('line 99');
    expect(text(plan, { verbose: true })).toContain('line 99');
  });

  it('says exactly what to type where it needs a word', () => {
    const adopt = text({
      changes: [change({ conflict: 'adopt', id: 'command:it runs', touchesForeign: true })],
    });
    expect(adopt).toContain("--adopt 'command:it runs'");
    const edited = text({ changes: [change({ conflict: 'edited' })] });
    expect(edited).toContain('--on-conflict keep');
    expect(edited).toContain('--on-conflict take');
  });

  it('names every foreign file that would be touched in the count', () => {
    expect(text({ changes: [change({})], foreignTouched: ['/etc/motd'] })).toContain(
      '1 existing file touched',
    );
  });

  it('tells which ports stay, what is owed, and who reaches what', () => {
    const shown = text({
      changes: [change({})],
      pending: [{ service: 'nginx', action: 'reload' }],
      notes: [
        { role: 'firewall', level: 'keep', text: '22/tcp sshd' },
        { role: 'firewall', level: 'close', text: '139/tcp smbd' },
        { role: 'firewall', level: 'warning', text: 'Docker publishes 8080/tcp' },
      ],
      endpoints: [
        {
          ...{ role: 'blog', name: 'http', protocol: 'tcp', port: 80, expose: 'lan' },
          prove: { probe: 'http' },
        },
      ],
    });
    for (const part of [
      'keep   22/tcp',
      'close  139/tcp',
      'Docker publishes',
      'reload nginx',
      '80/tcp',
      'the LAN',
    ])
      expect(shown).toContain(part);
  });

  it('prints no control character of the host, whatever it sends', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (id, diff) => {
        const nasty = `\u001b]0;${id}\u0007\u001b[2J`;
        const shown = text({
          changes: [change({ id: nasty, role: nasty, summary: nasty, diff: `${nasty}${diff}` })],
          notes: [{ role: nasty, level: 'info', text: nasty }],
        });
        expect(shown).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
      }),
    );
  });
});

describe('a plan as JSON', () => {
  it('has the shape of the contract, and no steps', () => {
    const object = planObject({ ...EMPTY, changes: [change({ diff: '+a' }), change({})] });
    expect(JSON.parse(JSON.stringify(object))).toEqual({
      v: 1,
      host: 'attic',
      changes: [change({ diff: '+a' }), change({})],
      unchanged: 46,
      kept: [],
      foreignTouched: [],
      pending: [],
      notes: [],
      endpoints: [],
    });
  });
});

describe('a plan as Markdown', () => {
  it('fences a diff so that nothing in it ends the fence', () => {
    const shown = renderPlanMarkdown({ ...EMPTY, changes: [change({ diff: '+```\n+````' })] });
    expect(shown).toContain('`````diff');
  });

  it('tells what will stop apply, and what was edited by hand', () => {
    const kept = [{ id: 'file:/etc/a', role: 'blog', edit: 'edited by hand' }];
    const shown = renderPlanMarkdown({ ...EMPTY, kept, changes: [change({ conflict: 'adopt' })] });
    expect(shown).toContain('**stops: was there before hostwright**');
    expect(shown).toContain('- **kept** blog: `file:/etc/a` edited by hand');
  });

  it('keeps what it was given from becoming HTML or another cell', () => {
    const shown = renderPlanMarkdown({
      ...EMPTY,
      changes: [change({ role: '<img src=x>|y', summary: 'a|b' })],
    });
    expect(shown).not.toContain('<img');
    expect(shown).toContain('a\\|b');
  });
});
