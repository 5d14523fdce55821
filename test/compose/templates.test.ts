import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderTemplate } from '../../src/compose/templates.ts';
import { UserError } from '../../src/errors.ts';
import { parseConfig } from '../../src/facts/nginx/tokens.ts';

const render = (text: string, data: Record<string, unknown> = {}): string =>
  renderTemplate('templates/x/y.hbs', text, data);

describe('rendering a template', () => {
  it('writes values by their helpers, lists and conditions', () => {
    const text = [
      '# {{comment title}}',
      'listen {{port}};',
      '{{#each names as |name|}}',
      'server_name {{nginxWord name}};',
      '{{/each}}',
      '{{#if spa}}',
      'spa {{nginx root}};',
      '{{else if list}}',
      'list;',
      '{{else}}',
      'plain;',
      '{{/if}}',
      '{{#unless spa}}multi {{../port}}{{this.port}};{{/unless}}',
    ].join('\n');
    const data = {
      title: 'A <b> & "c"',
      port: 80,
      names: ['a.test', 'b.test'],
      spa: false,
      list: ['x'],
      root: '/a b',
    };
    expect(render(text.replace('{{../port}}', ''), data)).toBe(
      '# A <b> & "c"\nlisten 80;\nserver_name a.test;\nserver_name b.test;\nlist;\nmulti 80;',
    );
    expect(render(text.replace('{{../port}}', ''), { ...data, spa: true })).toContain('spa "/a b";\n');
  });

  it('names template, line and helper when a value has no place', () => {
    expect(() => render('a\nb {{nginx x}}', { x: 'one\ntwo' })).toThrow(
      'templates/x/y.hbs:2: {{nginx x}} cannot be written: it holds a line break or another control character',
    );
    expect(() => render('\n\n{{x}}', { x: 'a; b' })).toThrow('templates/x/y.hbs:3: {{x}} cannot be written');
  });

  it.each([
    ['{{missing}}', 'missing'],
    ['{{nginx missing}}', '{{nginx missing}}'],
    ['{{#each missing}}x{{/each}}', '{{#each missing}} needs a list'],
    ['{{#each nothing}}x{{/each}}', '{{#each nothing}} needs a list'],
    ['{{#each text}}x{{/each}}', '{{#each text}} needs a list'],
    ['{{#if missing}}x{{/if}}', '{{#if missing}} needs'],
    ['{{#unless nothing}}x{{/unless}}', '{{#unless nothing}} needs'],
    ['{{nothing}}', '{{nothing}}'],
    ['{{comment nothing}}', 'the value is missing'],
    ['{{constructor}}', 'constructor'],
    ['{{text.constructor}}', 'text.constructor'],
    ['{{nginx __proto__}}', '__proto__'],
    ['{{object}}', '{{object}}'],
    ['{{number text}}', 'a whole number is expected'],
    ['{{{text}}}', 'two braces'],
    ['{{&text}}', 'two braces'],
    ['{{> other}}', 'no partials'],
    ['{{#text}}x{{/text}}', 'a block is one of each, if, unless'],
    ['{{#with object}}x{{/with}}', 'a block is one of'],
    ['{{lookup object text}}', 'there is no such helper'],
    ['{{log text}}', 'there is no such helper'],
    ['{{nginx (nginx text)}}', 'only the name of a value'],
    ['{{nginx text text}}', 'exactly one value'],
    ['{{nginx text a=1}}', 'exactly one value'],
    ['{{nginx}}', 'the helper needs a value'],
    ['{{"text"}}', 'only the name of a value'],
    ['{{#if}}x{{/if}}', 'exactly one value'],
  ])('refuses %s', (text, message) => {
    const data = { nothing: null, text: 'word', object: { a: 1 } };
    const failure = (): string => render(`one\n${text}`, data);
    expect(failure).toThrow(UserError);
    expect(failure).toThrow(/^templates\/x\/y\.hbs:2: /);
    expect(failure).toThrow(message);
  });

  it.each(['{{#if a}}', '{{#if a}}{{/each}}', '{{a', '{{/if}}', '{{#each a}}{{else}}{{else}}{{/each}}'])(
    'says where %s is no template',
    (text) => {
      expect(() => render(`one\n${text}`, { a: true })).toThrow(/^templates\/x\/y\.hbs:\d+: /);
    },
  );

  it('writes text for people as it is, without what could play tricks on a terminal', () => {
    expect(render('{{lines text}}', { text: 'one\n\ttwo; {}' })).toBe('one\n\ttwo; {}');
    expect(() => render('{{lines text}}', { text: 'one\n\u001b[2Jtwo' })).toThrow('control character');
  });

  it('takes plain data only', () => {
    expect(() => render('', { now: new Date() })).toThrow(
      'data.now is given to a template and is not plain data',
    );
    expect(() => render('', { list: [() => 'x'] })).toThrow('data.list[0] is given to a template');
    expect(render('{{a.b}}', JSON.parse('{"a":{"b":"c","__proto__":{"polluted":1}}}'))).toBe('c');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('writes any text as data or refuses it, never as another directive', () => {
    const nasty = fc.string({ unit: fc.constantFrom(...'ab ;{}"\'\\$#\n\r\t\0*/é\u2028~'), maxLength: 12 });
    const places = [
      'here {{nginx value}};',
      'here {{nginxWord value}};',
      'here {{value}};',
      '# {{comment value}}',
    ];
    fc.assert(
      fc.property(fc.oneof(nasty, fc.string({ unit: 'binary' })), (value) => {
        for (const place of places) {
          let text: string;
          try {
            text = render(`before;\n${place}\nafter;`, { value });
          } catch (error) {
            expect(error).toBeInstanceOf(UserError);
            continue;
          }
          const { directives, complete } = parseConfig(text);
          expect(complete).toBe(true);
          const here = place.startsWith('#') ? [] : [['here', value]];
          expect(directives.map(({ name, args }) => [name, ...args])).toEqual([
            ['before'],
            ...here,
            ['after'],
          ]);
        }
      }),
    );
  });
});
