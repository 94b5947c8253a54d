package io.fairlead.serverless;

import static com.tngtech.archunit.base.DescribedPredicate.alwaysTrue;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaModifier.PUBLIC;
import static com.tngtech.archunit.core.domain.JavaModifier.SYNCHRONIZED;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.fairlead.local.LocalProvider;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArchitectureTest {
  private static final JavaClasses MODULE =
      new ClassFileImporter().importPath(Path.of("target/classes"));

  private static final int MAX_FILES = 40;

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      engine     | Call ChatModelHandler Datatype Download ExecutionProvider HttpFetcher HuggingFaceFetcher InferenceEngine LoadOptions Model ModelFetcher ModelHandler \
      ModelSource RequestModel StreamingModelHandler Tensor TensorModel TensorSpec TruncatedTexts
      local      | LocalConfig LocalProvider
      serverless | FunctionMetrics HttpSettings Isolation RunOn ServerlessConfig ServerlessOptions ServerlessPlatform \
      ServerlessProvider
      """)
  void publicOutsideOfInternalIsOnlyWhatUsersNeed(String name, String api) {
    Set<String> found = MODULE.stream()
        .filter(type -> type.getPackageName().equals("io.fairlead." + name))
        .filter(JavaClass::isTopLevelClass)
        .filter(type -> type.getModifiers().contains(PUBLIC))
        .map(JavaClass::getSimpleName)
        .collect(Collectors.toCollection(TreeSet::new));

    assertThat(found).containsExactlyInAnyOrder(api.split(" "));
  }

  @Test
  void whatIsNoneOfTheThreeApisIsInternal() {
    assertThat(
            packages().filter(name -> !name.matches("io\\.fairlead\\.\\w+\\.internal(\\.\\w+)*")))
        .containsExactlyInAnyOrder(
            "io.fairlead.engine", "io.fairlead.local", "io.fairlead.serverless");
  }

  @Test
  void noPublicTypeShowsWhatIsInternal() {
    assertThat(MODULE.stream()
            .filter(type -> !isInternal(type))
            .flatMap(type -> type.getCodeUnits().stream())
            .filter(unit -> unit.getModifiers().contains(PUBLIC))
            .filter(unit ->
                unit.getAllInvolvedRawTypes().stream().anyMatch(ArchitectureTest::isInternal)))
        .isEmpty();
  }

  /** A provider, which opens what is behind its API, is the one exception. */
  @Test
  void noPackagesDependOnEachOther() {
    slices()
        .matching("io.fairlead.(**)")
        .should()
        .beFreeOfCycles()
        .ignoreDependency(
            belongToAnyOf(LocalProvider.class, ServerlessProvider.class), alwaysTrue())
        .check(MODULE);
  }

  @Test
  void theEngineKnowsNeitherPlatform() {
    noClasses()
        .that()
        .resideInAPackage("io.fairlead.engine..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.fairlead.local..", "io.fairlead.serverless..")
        .check(MODULE);
  }

  @Test
  void theTwoPlatformsDoNotKnowEachOther() {
    noClasses()
        .that()
        .resideInAPackage("io.fairlead.local..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.fairlead.serverless..")
        .check(MODULE);
    noClasses()
        .that()
        .resideInAPackage("io.fairlead.serverless..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.fairlead.local..")
        .check(MODULE);
  }

  @Test
  void aPackageCanBeHeldInTheMind() {
    Map<String, Long> files = MODULE.stream()
        .filter(JavaClass::isTopLevelClass)
        .collect(Collectors.groupingBy(JavaClass::getPackageName, Collectors.counting()));

    assertThat(files.values()).allSatisfy(count -> assertThat(count).isLessThan(MAX_FILES));
  }

  @Test
  void everyPackageIsNullMarked() {
    assertThat(packages())
        .allSatisfy(name -> assertThat(
                Class.forName(name + ".package-info").isAnnotationPresent(NullMarked.class))
            .isTrue());
  }

  @Test
  void noMethodIsSynchronized() {
    methods().should().notHaveModifier(SYNCHRONIZED).check(MODULE);
  }

  private static boolean isInternal(JavaClass type) {
    return type.getPackageName().contains(".internal");
  }

  private static Stream<String> packages() {
    return MODULE.stream().map(JavaClass::getPackageName).distinct();
  }
}
