package io.github.dnd4j;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.GeneralCodingRules;

/** What the core may know: ND4J's API, EJML and a logging facade, and nothing above itself. */
@AnalyzeClasses(packages = "io.github.dnd4j", importOptions = DoNotIncludeTests.class)
class DependenciesTest {

  @ArchTest
  static final ArchRule ONLY_ND4J_BLAS_EJML_AND_SLF4J =
      classes()
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "java..",
              "org.nd4j.linalg..",
              "org.bytedeco.javacpp..",
              "org.bytedeco.openblas..",
              "org.ejml..",
              "org.slf4j..",
              "io.github.dnd4j..");

  @ArchTest
  static final ArchRule HELPERS_STAND_BELOW_EVERYTHING =
      noClasses()
          .that()
          .resideInAPackage("io.github.dnd4j.internal")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.github.dnd4j.lora", "io.github.dnd4j.spi");

  @ArchTest
  static final ArchRule ADAPTERS_DO_NOT_KNOW_THE_GENERATOR =
      noClasses()
          .that()
          .resideInAnyPackage("io.github.dnd4j.lora", "io.github.dnd4j.spi")
          .should()
          .dependOnClassesThat()
          .areAssignableTo(DragAndDrop.class);

  @ArchTest
  static final ArchRule NOTHING_IS_PRINTED =
      GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
}
