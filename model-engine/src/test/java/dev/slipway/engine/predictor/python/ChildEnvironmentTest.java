package dev.slipway.engine.predictor.python;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ChildEnvironmentTest {

  private static final Map<String, String> SERVER =
      Map.of(
          "PATH", "/bin",
          "SLIPWAY_DATABASE_PASSWORD", "secret",
          "AWS_SECRET_ACCESS_KEY", "secret",
          "TF_VAR_password", "secret",
          "NVIDIA_API_KEY", "secret",
          "TF_CPP_MIN_LOG_LEVEL", "3",
          "PIP_INDEX_URL", "https://user:secret@index",
          "OMP_NUM_THREADS", "4",
          "CUDA_VISIBLE_DEVICES", "0");

  @Test
  void worker_seesNoSecretOfTheServer() {
    Map<String, String> seen = ChildEnvironment.ofWorker(SERVER);
    assertThat(seen)
        .containsEntry("PATH", "/bin")
        .containsEntry("CUDA_VISIBLE_DEVICES", "0")
        .containsEntry("TF_CPP_MIN_LOG_LEVEL", "3")
        .doesNotContainValue("secret")
        .doesNotContainKey("PIP_INDEX_URL");
  }

  @Test
  void worker_computesOnOneThreadUnlessTheServerIsToldOtherwise() {
    assertThat(ChildEnvironment.ofWorker(Map.of())).containsEntry("OMP_NUM_THREADS", "1");
    assertThat(ChildEnvironment.ofWorker(SERVER))
        .containsEntry("OMP_NUM_THREADS", "4")
        .containsEntry("MKL_NUM_THREADS", "1");
  }

  @Test
  void pip_seesItsIndexButNoSecretOfTheServer() {
    assertThat(ChildEnvironment.ofPip(SERVER))
        .containsEntry("PIP_INDEX_URL", "https://user:secret@index")
        .doesNotContainValue("secret");
  }
}
