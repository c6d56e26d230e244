/**
 * Questions with four answers each, made of ten lists of facts that a small model may
 * know: the right answer, and three right answers to other questions of its list.
 *
 * @module
 */

import { uniform } from "../../lib/bita/choose/random.ts";

/** A text, and how it may go on. */
export interface Item {
  query: string;
  choices: string[];
  /** Index of the right choice. */
  gold: number;
}

/** Beginnings of texts with a gap, and what fills it with how they go on. */
const FACTS: Record<string, string> = {
  "The capital of _ is":
    "France Paris, Germany Berlin, Italy Rome, Spain Madrid, Japan Tokyo, China Beijing, Russia Moscow, Egypt Cairo, Greece Athens, Austria Vienna, Poland Warsaw, Sweden Stockholm, Norway Oslo, Ireland Dublin, Portugal Lisbon, Cuba Havana, Peru Lima, Kenya Nairobi, Thailand Bangkok, Hungary Budapest",
  "The opposite of _ is":
    "hot cold, big small, fast slow, light dark, up down, day night, happy sad, old young, rich poor, hard soft, open closed, wet dry, loud quiet, early late, full empty, strong weak, true false, high low, left right, clean dirty",
  "The plural of _ is":
    "mouse mice, child children, foot feet, tooth teeth, goose geese, man men, woman women, ox oxen, leaf leaves, wolf wolves, knife knives, city cities, box boxes, hero heroes, fox foxes, baby babies, wife wives, loaf loaves, bus buses, story stories",
  'The past tense of "_" is':
    "go went, see saw, eat ate, run ran, write wrote, sing sang, swim swam, take took, give gave, come came, think thought, buy bought, bring brought, fly flew, drive drove, speak spoke, break broke, know knew, begin began, teach taught",
  "In the order of the calendar, _ is followed by":
    "January February, February March, March April, April May, May June, June July, July August, August September, September October, October November, November December, Monday Tuesday, Tuesday Wednesday, Wednesday Thursday, Thursday Friday, Friday Saturday, Saturday Sunday, Sunday Monday, spring summer, autumn winter",
  "When you count, the number after _ is":
    "one two, two three, three four, four five, five six, six seven, seven eight, eight nine, nine ten, ten eleven, eleven twelve, twelve thirteen, thirteen fourteen, fourteen fifteen, fifteen sixteen, sixteen seventeen, seventeen eighteen, eighteen nineteen, nineteen twenty, ninety-nine hundred",
  "The young of a _ is called a":
    "dog puppy, cat kitten, cow calf, horse foal, sheep lamb, pig piglet, goat kid, bear cub, deer fawn, hen chick, duck duckling, goose gosling, swan cygnet, frog tadpole, kangaroo joey, owl owlet, eagle eaglet, hare leveret, eel elver, butterfly caterpillar",
  "People in _ speak":
    "France French, Germany German, Italy Italian, Spain Spanish, Japan Japanese, China Chinese, Russia Russian, Greece Greek, Poland Polish, Sweden Swedish, Norway Norwegian, Portugal Portuguese, Thailand Thai, Hungary Hungarian, Turkey Turkish, Denmark Danish, Finland Finnish, Korea Korean, Vietnam Vietnamese, England English",
  "A person who _ is a":
    "bakes baker, teaches teacher, writes writer, sings singer, paints painter, farms farmer, fishes fisherman, sails sailor, dances dancer, hunts hunter, drives driver, swims swimmer, builds builder, sews tailor, acts actor, judges judge, cooks cook, gardens gardener, reports reporter, invents inventor",
  "You see with eyes. The tool that is used to _ is a":
    "dig spade, cut knife, write pen, sweep broom, hammer hammer, measure ruler, sew needle, paint brush, shave razor, saw saw, drill drill, call telephone, photograph camera, climb ladder, unlock key, weigh scale, row oar, iron iron, shovel shovel, drink cup",
};

const CHOICES = 4;
const SEED = 2026;

/** Returns the questions, always the same; those of a list are ten apart. */
export function items(): Item[] {
  let drawn = 0;
  const below = (n: number) => Math.floor(uniform(SEED, drawn++) * n);
  const lists = Object.entries(FACTS).map(([text, facts]) => {
    const pairs = facts.split(", ").map((fact) => fact.split(" "));
    return pairs.map(([subject, right]): Item => {
      const choices = [right];
      while (choices.length < CHOICES) {
        const [, other] = pairs[below(pairs.length)];
        if (!choices.includes(other)) choices.push(other);
      }
      const gold = below(CHOICES);
      [choices[0], choices[gold]] = [choices[gold], choices[0]];
      return { query: text.replace("_", subject), choices, gold };
    });
  });
  return lists[0].flatMap((_, at) => lists.map((list) => list[at]));
}
