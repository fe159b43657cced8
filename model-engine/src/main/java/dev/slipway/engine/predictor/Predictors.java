package dev.slipway.engine.predictor;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.packaging.ModelPackage;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Finds the engine for a package among those on the class path. */
public final class Predictors {

  private Predictors() {}

  /**
   * Loads a package with the engine of the highest {@linkplain PredictorProvider#preference
   * preference} that has one of its flavors.
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
    Optional<PredictorProvider> provider =
        providers.stream()
            .filter(candidate -> modelPackage.findFlavor(candidate.flavor()).isPresent())
            .max(
                Comparator.comparingInt(PredictorProvider::preference)
                    .thenComparing(PredictorProvider::flavor));
    if (provider.isEmpty()) {
      throw new UnsupportedModelException(
          "no engine here runs this model: the package has the flavors "
              + modelPackage.mlmodel().flavors().keySet()
              + ", the engines installed run "
              + flavors(providers));
    }
    return provider
        .get()
        .load(modelPackage, modelPackage.findFlavor(provider.get().flavor()).orElseThrow());
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
