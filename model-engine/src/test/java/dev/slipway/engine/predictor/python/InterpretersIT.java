package dev.slipway.engine.predictor.python;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.engine.error.UnsupportedModelException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs that say of themselves what a Python would. */
class InterpretersIT {

  @TempDir private Path folder;

  @Test
  void package_getsTheFirstOfItsSeries() throws Exception {
    String old = Programs.write(folder, "echo 3.9.18");
    String noisy = Programs.write(folder, "echo a warning >&2; echo 3.10.2");
    String other = Programs.write(folder, "echo 3.10.13");
    Interpreters interpreters = new Interpreters(List.of(old, noisy, other));

    assertThat(interpreters.find(Optional.of("3.10.13")).command()).isEqualTo(noisy);
    assertThat(interpreters.find(Optional.of("3.9")).version()).isEqualTo("3.9.18");
    assertThat(interpreters.find(Optional.empty()).command()).isEqualTo(old);
    assertThatThrownBy(() -> interpreters.find(Optional.of("3.1.0")))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("wants Python 3.1.0")
        .hasMessageContaining(old + " is 3.9.18");
  }

  @Test
  void programThatIsNoPython_isPassedOver() throws Exception {
    String broken = Programs.write(folder, "echo what is this; exit 3");
    String good = Programs.write(folder, "echo 3.11.7");
    assertThat(new Interpreters(List.of(broken, good)).find(Optional.empty()).command())
        .isEqualTo(good);
    assertThatThrownBy(() -> new Interpreters(List.of(broken)).find(Optional.empty()))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("status 3, what is this");
  }
}
