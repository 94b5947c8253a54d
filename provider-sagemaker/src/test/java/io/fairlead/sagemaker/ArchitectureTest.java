package io.fairlead.sagemaker;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  private static final String API = "io.fairlead.sagemaker";
  private static final String INTERNAL = "io.fairlead.sagemaker.internal";
  private static final String RULES = "io.fairlead.sagemaker.internal.rules";

  private static final JavaClasses MODULE = new ClassFileImporter()
      .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
      .importPackages(API);

  private static final int MOST_FILES = 45;

  @Test
  void publicOutsideOfInternalIsOnlyWhatUsersNeed() {
    Set<String> api = MODULE.stream()
        .filter(type -> type.getPackageName().equals(API))
        .filter(JavaClass::isTopLevelClass)
        .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
        .map(JavaClass::getSimpleName)
        .collect(Collectors.toCollection(TreeSet::new));

    assertThat(api)
        .containsExactlyInAnyOrder(
            "AsyncInvocation",
            "AsyncRequest",
            "SageMakerArtifact",
            "SageMakerAsync",
            "SageMakerAutoscaling",
            "SageMakerComponent",
            "SageMakerConfig",
            "SageMakerDataCapture",
            "SageMakerDependencies",
            "SageMakerInstances",
            "SageMakerMultiModel",
            "SageMakerNetwork",
            "SageMakerOptionsProvider",
            "SageMakerPlatform",
            "SageMakerProvider",
            "SageMakerReplacement",
            "SageMakerRequest",
            "SageMakerResponse",
            "SageMakerRuntime",
            "SageMakerServerless",
            "SageMakerShadow");
  }

  /** The provider opens what is inside; the values share AWS's rules with it. */
  @Test
  void onlyTheProviderKnowsWhatIsInside() {
    classes()
        .that()
        .resideInAPackage(API)
        .and()
        .doNotHaveFullyQualifiedName(SageMakerProvider.class.getName())
        .should()
        .onlyDependOnClassesThat(
            resideInAnyPackage(API, RULES).or(resideInAPackage(INTERNAL + "..").negate()))
        .check(MODULE);
  }

  @Test
  void nothingInsideKnowsTheProvider() {
    noClasses()
        .that()
        .resideInAPackage(INTERNAL + "..")
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName(SageMakerProvider.class.getName())
        .check(MODULE);
  }

  @Test
  void theRulesKnowNothingElseOfThisModule() {
    classes()
        .that()
        .resideInAPackage(RULES)
        .should()
        .onlyDependOnClassesThat(
            resideInAPackage(RULES).or(resideInAPackage(API + "..").negate()))
        .check(MODULE);
  }

  @Test
  void noPublicTypeShowsWhatIsInside() {
    assertThat(MODULE.stream()
            .filter(type -> type.getPackageName().equals(API))
            .flatMap(type -> type.getMethods().stream())
            .filter(method -> method.getModifiers().contains(JavaModifier.PUBLIC))
            .filter(method -> method.getAllInvolvedRawTypes().stream()
                .anyMatch(type -> type.getPackageName().startsWith(INTERNAL))))
        .isEmpty();
  }

  @Test
  void aPackageCanBeHeldInTheMind() {
    Map<String, Long> files = MODULE.stream()
        .filter(JavaClass::isTopLevelClass)
        .collect(Collectors.groupingBy(JavaClass::getPackageName, Collectors.counting()));

    assertThat(files.values()).allSatisfy(count -> assertThat(count).isLessThan(MOST_FILES));
  }

  @Test
  void everyPackageIsNullMarked() {
    assertThat(MODULE.stream().map(JavaClass::getPackageName).distinct())
        .containsExactlyInAnyOrder(
            API,
            INTERNAL,
            INTERNAL + ".archive",
            INTERNAL + ".credentials",
            INTERNAL + ".images",
            RULES)
        .allSatisfy(name -> assertThat(
                Class.forName(name + ".package-info").isAnnotationPresent(NullMarked.class))
            .isTrue());
  }
}
