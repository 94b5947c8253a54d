package io.fairlead.spring;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.info.Info;
import org.springframework.boot.actuate.info.InfoContributor;

class InfoTest {
  @Test
  void itTellsWhatIsDeclaredAndWhereButNoSecret() {
    Applications.context(
            "fairlead.platforms.mine.id=local",
            "fairlead.platforms.functions.id=serverless",
            "fairlead.platforms.functions.settings.token=a-secret-of-mine",
            "fairlead.endpoints.ask.model=https://models.example/bert.onnx?sig=a-secret-of-mine",
            "fairlead.endpoints.ask.framework=onnx",
            "fairlead.endpoints.ask.environment.KEY=a-secret-of-mine",
            "fairlead.functions.echo.model=java:io.fairlead.spring.Echo",
            "fairlead.functions.echo.deploy-at-start=true")
        .run(context -> {
          assertThat(context).hasNotFailed();
          Info.Builder info = new Info.Builder();
          context.getBean(InfoContributor.class).contribute(info);

          Map<?, ?> told = new HashMap<>((Map<?, ?>) info.build().get("fairlead"));
          // Only a jar has one.
          told.remove("version");
          assertThat(told)
              .isEqualTo(Map.of(
                  "platforms",
                  Map.of("mine", "local", "functions", "serverless"),
                  "endpoints",
                  Map.of(
                      "ask",
                      Map.of(
                          "platform",
                          "mine",
                          "variant",
                          "blue",
                          "model",
                          "https://models.example/bert.onnx?(not shown)",
                          "framework",
                          "onnx",
                          "deploy-at-start",
                          false)),
                  "functions",
                  Map.of(
                      "echo",
                      Map.of(
                          "platform",
                          "functions",
                          "model",
                          "java:io.fairlead.spring.Echo",
                          "deploy-at-start",
                          true))));
        });
  }

  @Test
  void itCanBeTurnedOff() {
    Applications.context(
            "management.info.fairlead.enabled=false", "fairlead.platforms.local.id=local")
        .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(InfoContributor.class));
  }
}
