import { expect, it } from 'vitest';
import { renderSecretTemplate } from '../../src/compose/secret-template.ts';
import { UserError } from '../../src/errors.ts';
import { Secret } from '../../src/secrets/secret.ts';

const NAME = 'templates/db/access.conf.hbs';
const TEXT = 'user = {{user}}\npassword = {{comment password}}\n';
const render = (password: Secret, text = TEXT, user = 'anna') =>
  renderSecretTemplate(NAME, text, { user, password });

it('is a secret that holds the whole text', () => {
  const rendered = render(new Secret('open sesame', 'mark'));
  expect(rendered.reveal()).toBe('user = anna\npassword = open sesame\n');
  expect(`${rendered} ${JSON.stringify({ rendered })}`).not.toContain('sesame');
});

it('has a mark that changes with the secret, the text and what is beside it, and tells nothing of the value', () => {
  const mark = (value: string, one: string, text = TEXT, user = 'anna') =>
    render(new Secret(value, one), text, user).planMark;
  const first = mark('open sesame', 'one');
  expect(mark('open sesame', 'one')).toBe(first);
  // By its mark a secret is known: a value alone must not show.
  expect(mark('another', 'one')).toBe(first);
  expect(
    new Set([first, mark('x', 'two'), mark('x', 'one', `${TEXT}#\n`), mark('x', 'one', TEXT, 'b')]).size,
  ).toBe(4);
});

it('is the same plan again for a secret that is not saved yet', () => {
  const once = () => render(new Secret('made now', undefined, { isNew: true }));
  expect(once().planMark).toBe(once().planMark);
  expect(once().mark).not.toBe(once().mark);
});

it('refuses what would break out of its place, and does not say what it is', () => {
  const hostile = () => render(new Secret('sesame\nadmin = yes', 'mark'));
  expect(hostile).toThrow(UserError);
  expect(hostile).toThrow(
    `${NAME}:2: {{comment password}} cannot be written: the secret holds something that has no place there`,
  );
  expect(hostile).not.toThrow('sesame');
  expect(() => render(new Secret('fine', 'mark'), TEXT, 'two words')).toThrow('it is more than a plain word');
});
