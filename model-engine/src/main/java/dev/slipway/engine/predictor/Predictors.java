package dev.slipway.engine.predictor;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.ModelPackage;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Finds the engine for a package among those on the class path. */
public final class Predictors {

  private static final Comparator<PredictorProvider> BY_PREFERENCE =
      Comparator.comparingInt(PredictorProvider::preference)
          .thenComparing(PredictorProvider::flavor)
          .reversed();

  private Predictors() {}

  /**
   * Loads a package with the engine of the highest {@linkplain PredictorProvider#preference
   * preference} that has one of its flavors and {@linkplain PredictorProvider#reads reads} it.
   *
   * @throws UnsupportedModelException if no engine here has any of its flavors, or the engine lacks
   *     a feature
   * @throws ModelPackageException if the model file is missing, corrupt, or contradicts the
   *     package's signature
   */
  public static Predictor load(ModelPackage modelPackage) {
    return load(modelPackage, installed());
  }

  /**
   * Loads a package as {@link #load(ModelPackage)} does, with engines that need settings beside
   * those on the class path.
   */
  public static Predictor loadWith(ModelPackage modelPackage, List<PredictorProvider> configured) {
    return load(modelPackage, Stream.concat(configured.stream(), installed().stream()).toList());
  }

  static Predictor load(ModelPackage modelPackage, List<PredictorProvider> providers) {
    List<PredictorProvider> candidates =
        providers.stream()
            .filter(candidate -> modelPackage.findFlavor(candidate.flavor()).isPresent())
            .sorted(BY_PREFERENCE)
            .toList();
    if (candidates.isEmpty()) {
      throw new UnsupportedModelException(
          "no engine here runs this model: the package has the flavors "
              + modelPackage.mlmodel().flavors().keySet()
              + ", the engines installed run "
              + flavors(providers)
              + OptionalEngines.hint(modelPackage, flavors(providers)));
    }
    PredictorProvider provider =
        candidates.stream()
            .filter(candidate -> candidate.reads(modelPackage, flavorOf(modelPackage, candidate)))
            .findFirst()
            .orElse(candidates.get(0));
    return provider.load(modelPackage, flavorOf(modelPackage, provider));
  }

  private static Flavor flavorOf(ModelPackage modelPackage, PredictorProvider provider) {
    return modelPackage.findFlavor(provider.flavor()).orElseThrow();
  }

  private static List<PredictorProvider> installed() {
    // The loader of this class, not of the thread: servers hand work to threads of their own
    // making.
    return ServiceLoader.load(PredictorProvider.class, Predictors.class.getClassLoader()).stream()
        .map(ServiceLoader.Provider::get)
        .toList();
  }

  /** Returns the flavors that the engines on the class path run, sorted. */
  public static List<String> flavors() {
    return List.copyOf(flavors(installed()));
  }

  private static SortedSet<String> flavors(List<PredictorProvider> providers) {
    SortedSet<String> names = new TreeSet<>();
    providers.forEach(provider -> names.add(provider.flavor()));
    return names;
  }
}
