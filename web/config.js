/**
 * What this site is for: the one file that an operator edits.
 * Visitors without JavaScript see the words of index.html instead.
 */
export default {
  title: "GourmetGram",

  // Where the functions are. Empty: below this page, as with `make run`. Another origin, for example
  // "https://gateway.food.example", must allow this site (ALLOWED_ORIGINS), and stand in the form of index.html and in
  // connect-src and form-action of the Content-Security-Policy that this site is served with.
  gateway: "",

  // The operator's own privacy policy; without one there is only the line about what is kept.
  privacy: "",

  // Send photos as they are, instead of at most 1024 pixels wide or high.
  originals: false,

  // Each has its file in texts/; the visitor's browser chooses, and the first is for everybody else.
  languages: ["en", "de"],

  // Words of this site, in place of those in texts/.
  texts: {
    en: {
      heading: "What is on your plate?",
      lead: "Show us a photo of your food, and we tell you what we see.",
    },
    de: {
      heading: "Was liegt auf deinem Teller?",
      lead: "Zeig uns ein Foto von deinem Essen, und wir sagen dir, was wir sehen.",
    },
  },

  // How a class reads in the middle of a sentence; the others are called by their names.
  classes: {
    en: {
      "Bread": "bread",
      "Dairy product": "dairy",
      "Dessert": "dessert",
      "Egg": "egg",
      "Fried food": "fried food",
      "Meat": "meat",
      "Noodles/Pasta": "noodles/pasta",
      "Rice": "rice",
      "Seafood": "seafood",
      "Soup": "soup",
      "Vegetable/Fruit": "vegetables/fruit",
    },
    de: {
      "Bread": "Brot",
      "Dairy product": "Milchprodukte",
      "Dessert": "Nachtisch",
      "Egg": "Ei",
      "Fried food": "Frittiertes",
      "Meat": "Fleisch",
      "Noodles/Pasta": "Nudeln/Pasta",
      "Rice": "Reis",
      "Seafood": "Fisch/Meeresfrüchte",
      "Soup": "Suppe",
      "Vegetable/Fruit": "Gemüse/Obst",
    },
  },
};
