package dev.slipway.engine.predictor.lightgbm;

import dev.slipway.engine.predictor.lightgbm.LightgbmModelFile.Malformed;

/**
 * Checks that a walk through one tree ends at a leaf and reads nothing that is not there. An inner
 * node is known by its number, a leaf {@code i} by {@code -i-1}; LightGBM numbers inner nodes as it
 * makes them, so a child comes after its parent.
 */
final class LightgbmTreeCheck {

  private static final int CATEGORICAL = 1;

  private LightgbmTreeCheck() {}

  static void check(LightgbmFields tree, int index, int features) throws Malformed {
    try {
      int leaves = tree.number("num_leaves", 1, Integer.MAX_VALUE);
      tree.decimals("leaf_value", leaves);
      int inner = leaves - 1;
      checkChildren(tree.numbers("left_child", inner), leaves);
      checkChildren(tree.numbers("right_child", inner), leaves);
      checkFeatures(tree.numbers("split_feature", inner), features, "split_feature");
      checkSplits(tree, inner);
      if (tree.find("is_linear").orElse("0").equals("1")) {
        checkLinear(tree, leaves, features);
      }
    } catch (Malformed e) {
      throw new Malformed("Tree=" + index + ": " + e.getMessage());
    }
  }

  private static void checkChildren(int[] children, int leaves) throws Malformed {
    for (int node = 0; node < children.length; node++) {
      int child = children[node];
      if (child >= 0 ? child <= node || child >= children.length : -(child + 1) >= leaves) {
        throw new Malformed("node " + node + " has the child " + child + ", which cannot be");
      }
    }
  }

  private static void checkFeatures(int[] used, int features, String key) throws Malformed {
    for (int feature : used) {
      if (feature < 0 || feature >= features) {
        throw new Malformed(key + " has " + feature + ", but there are " + features + " features");
      }
    }
  }

  /** A split by category has the number of its set of categories as threshold. */
  private static void checkSplits(LightgbmFields tree, int inner) throws Malformed {
    double[] thresholds = tree.decimals("threshold", inner);
    int[] types = tree.numbers("decision_type", inner);
    int sets = tree.number("num_cat", 0, Integer.MAX_VALUE - 1);
    int[] bounds = tree.numbers("cat_boundaries", sets == 0 ? 0 : sets + 1);
    for (int i = 0; i < sets; i++) {
      if (bounds[i] < 0 || bounds[i] > bounds[i + 1]) {
        throw new Malformed("cat_boundaries do not ascend");
      }
    }
    if (sets > 0) {
      // Words of 32 bits, written unsigned.
      tree.decimals("cat_threshold", bounds[sets]);
    }
    for (int node = 0; node < inner; node++) {
      boolean categorical = (types[node] & CATEGORICAL) != 0;
      if (categorical && !(thresholds[node] >= 0 && thresholds[node] < sets)) {
        throw new Malformed("node " + node + " splits by a set of categories that is missing");
      }
    }
  }

  private static void checkLinear(LightgbmFields tree, int leaves, int features) throws Malformed {
    tree.decimals("leaf_const", leaves);
    int total = 0;
    for (int count : tree.numbers("num_features", leaves)) {
      if (count < 0) {
        throw new Malformed("num_features has " + count);
      }
      total = Math.addExact(total, count);
    }
    checkFeatures(tree.numbers("leaf_features", total), features, "leaf_features");
    tree.decimals("leaf_coeff", total);
  }
}
