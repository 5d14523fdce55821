import { describe, expect, it } from 'vitest';
import { readXml } from '../../../src/router/upnp/xml.ts';

describe('a document of a router', () => {
  const read = (text: string) => {
    const leaves: string[] = [];
    const isRead = readXml(text, {
      leaf: (name, value, parent) => leaves.push(`${parent}/${name}=${value}`),
    });
    return isRead && leaves;
  };

  it('is read without prefixes', () => {
    expect(read('<?xml version="1.0"?><x:a><b> 1 &amp; 2 </b><c><![CDATA[<]]></c></x:a>')).toEqual([
      'a/b=1 & 2',
      'a/c=<',
    ]);
  });

  it.each([
    ['a document type', '<!DOCTYPE a><a><b>1</b></a>'],
    ['entities of its own', '<!DOCTYPE a [<!ENTITY e "1">]><a><b>1</b></a>'],
    ['too many levels', `${'<a>'.repeat(25)}${'</a>'.repeat(25)}`],
    ['too many elements', `<a>${'<b/>'.repeat(4000)}</a>`],
    ['an end that is missing', '<a><b>1</b>'],
    ['nothing in it', ''],
  ])('is not read with %s', (_, text) => {
    expect(read(text)).toBe(false);
  });
});
