package io.fairlead.azureml;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  private static final String API = "io.fairlead.azureml";
  private static final String INTERNAL = "io.fairlead.azureml.internal";
  private static final String ARM = INTERNAL + ".arm";
  private static final String SCORING = INTERNAL + ".scoring";
  private static final String STORAGE = INTERNAL + ".storage";
  private static final int MOST_FILES = 40;

  private static final JavaClasses AZURE = new ClassFileImporter()
      .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
      .importPackages(API);

  /** What is here is completed beside the grammar, so each is there for callers. */
  @Test
  void onlyWhatCallersUseIsPublicOutsideOfInternal() {
    assertThat(publicIn(API))
        .containsExactlyInAnyOrder(
            "AzureMlProvider",
            "AzureMlPlatform",
            "AzureMlOptionsProvider",
            "AzureMlConfig",
            "AzureMlCloud",
            "AzureMlArtifact",
            "AzureMlRuntime",
            "AzureMlContainer",
            "AzureMlProbe",
            "AzureMlDependencies",
            "AzureMlScaling",
            "AzureMlAutoscaling",
            "AzureMlEndpoint",
            "AzureMlRouting",
            "AzureMlRequest",
            "CondaFile");
    assertThat(publicIn(INTERNAL)).containsExactly("DefaultAzureMlPlatform");
  }

  /** The provider has to open what is inside; nothing else in the public package leads there. */
  @Test
  void onlyTheProviderLeadsInside() {
    noClasses()
        .that()
        .resideInAPackage(API)
        .and()
        .doNotHaveSimpleName("AzureMlProvider")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(INTERNAL)
        .check(AZURE);
  }

  @Test
  void thePartsKnowNeitherEachOtherNorWhatPutsThemTogether() {
    slices().matching(INTERNAL + ".(*)..").should().notDependOnEachOther().check(AZURE);
    noClasses()
        .that()
        .resideInAnyPackage(ARM, SCORING, STORAGE)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(INTERNAL)
        .check(AZURE);
  }

  /** Invocations need nothing of the SDK, and only the clients that are put together have credentials. */
  @Test
  void eachPackageDependsOnNoMoreThanItNeeds() {
    noClasses()
        .that()
        .resideInAPackage(SCORING)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("com.azure..", "com.microsoft..", "reactor..")
        .check(AZURE);
    classes()
        .that()
        .resideInAPackage(API + "..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "java..",
            "org.jspecify..",
            "io.fairlead..",
            "com.fasterxml.jackson..",
            "com.azure..",
            "reactor..")
        .check(AZURE);
  }

  @Test
  void noPackageIsTooLargeToFindOnesWayIn() {
    Map<String, TreeSet<String>> files = AZURE.stream()
        .filter(JavaClass::isTopLevelClass)
        .collect(groupingBy(
            JavaClass::getPackageName,
            mapping(JavaClass::getSimpleName, toCollection(TreeSet::new))));

    assertThat(files).containsOnlyKeys(API, INTERNAL, ARM, SCORING, STORAGE);
    assertThat(files.values())
        .allSatisfy(types -> assertThat(types).hasSizeLessThanOrEqualTo(MOST_FILES));
  }

  @Test
  void everyPackageIsNullMarked() {
    assertThat(List.of(API, INTERNAL, ARM, SCORING, STORAGE))
        .allSatisfy(name -> assertThat(
                Class.forName(name + ".package-info").isAnnotationPresent(NullMarked.class))
            .isTrue());
  }

  private static Set<String> publicIn(String name) {
    return AZURE.stream()
        .filter(type -> type.getPackageName().equals(name))
        .filter(JavaClass::isTopLevelClass)
        .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
        .map(JavaClass::getSimpleName)
        .collect(toCollection(TreeSet::new));
  }
}
